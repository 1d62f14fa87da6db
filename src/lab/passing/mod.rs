//! Letting virtual time pass in a world of events: what the labs of clusters and of cache tiers have in common.
//!
//! ```text
//!   run 500ms               until a time
//!   wait                    until no client waits
//!   load 50                 until the clients have asked so often, and were told
//!   at 37.5ms drop 17  ──▶  plan ──▶ inside a later `run`, behind everything that happens at 37.5 ms by itself
//! ```
//!
//! - [`Passing`]: what a world has to offer. [`Stretch`]: the command under way. [`Plan`]: what is to be done later.
//!
//! **Invariant:** a command that was stopped and its rewritten form come to the same trace: both end with everything done
//! that happens at the moment at which they end.

mod plan;
mod stretch;

pub use plan::{Plan, add};
pub use stretch::{Stretch, units, with_count};

use super::declaration::LabInfo;
use super::refusal::Refusal;
use super::script::Call;
use crate::sim::Cx;

/// A lab whose engine is a world of events.
pub trait Passing {
    /// The lab that it is: what can be planned is read as one of its commands.
    fn lab(&self) -> &'static LabInfo;

    /// When something happens next by itself.
    fn next_ns(&self) -> Option<u64>;

    /// Lets it happen; false if nothing is to come.
    fn step(&mut self, cx: &mut Cx) -> bool;

    /// Carries out a command that takes no virtual time.
    fn act(&mut self, cx: &mut Cx, call: &Call) -> Result<String, Refusal>;

    /// Clients that wait for an answer.
    fn waiting(&self) -> u64;

    /// Operations of the load that are over, and all of them.
    fn load_progress(&self) -> (u64, u64);

    /// Operations of the load that have begun.
    fn load_begun(&self) -> u64;

    /// No more of them begin.
    fn stop_load(&mut self);

    fn plan(&self) -> &Plan;

    fn plan_mut(&mut self) -> &mut Plan;
}

impl dyn Passing + '_ {
    /// Lets the next thing happen, by itself or as planned, if it is due up to that time; false if nothing is.
    pub fn advance(&mut self, cx: &mut Cx, until_ns: u64) -> bool {
        let (next, planned) = (self.next_ns(), self.plan().next_ns());
        let is_due = |at: Option<u64>| at.is_some_and(|at_ns| at_ns <= until_ns);
        if is_due(planned) && next.is_none_or(|next| planned < Some(next)) {
            plan::carry_out(self, cx);
            return true;
        }
        is_due(next) && self.step(cx)
    }

    /// When anything happens next.
    fn due_ns(&self) -> Option<u64> {
        [self.next_ns(), self.plan().next_ns()].into_iter().flatten().min()
    }

    fn is_load_over(&self) -> bool {
        let (done, total) = self.load_progress();
        done >= total
    }
}
