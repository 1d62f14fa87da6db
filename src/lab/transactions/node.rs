//! Coordinator and shards as nodes of a cluster: the two floors do not know each other, and this translates.
//!
//! ```text
//!   replication::Cluster ──Message::Foreign──▶ Adapter ──transaction::Message──▶ sharding::transaction::Member
//!                        ◀──Message::Response──        ◀──Told──
//! ```

use std::any::Any;
use std::rc::Rc;

use crate::replication::message::Foreign;
use crate::replication::node::{Node, Output, Step, Timer};
use crate::replication::{Answer, Message, Protocol, RequestId, Response, Wire};
use crate::sharding::transaction::{self, Member, Options, Outcome};
use crate::storage::StorageError;
use crate::trace::parts::cluster::NodeDetail;
use crate::trace::{Bytes, NodeId};

/// A message of coordinator and shards, on the network of the cluster.
#[derive(Debug)]
struct Wrapped(transaction::Message);

impl Wire for Wrapped {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn bytes(&self) -> u32 {
        self.0.bytes()
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

impl Foreign for Wrapped {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A message for the network.
pub fn wrapped(message: transaction::Message) -> Message {
    Message::Foreign(Rc::new(Wrapped(message)))
}

/// What is in a message, if it is one of these.
pub fn unwrapped(message: &Message) -> Option<&transaction::Message> {
    match message {
        Message::Foreign(foreign) => foreign.as_any().downcast_ref::<Wrapped>().map(|wrapped| &wrapped.0),
        _ => None,
    }
}

/// What makes the nodes.
#[derive(Debug)]
pub struct Transactions(pub Rc<Options>);

impl Protocol for Transactions {
    fn node(&self, me: NodeId, _members: &[NodeId]) -> Box<dyn Node> {
        Box::new(Adapter(Member::new(me, &self.0)))
    }

    fn check(&self, nodes: u16) -> Result<(), String> {
        self.0.check(nodes)
    }
}

#[derive(Clone)]
struct Adapter(Member);

impl Adapter {
    fn work(
        &mut self,
        step: &mut Step,
        act: impl FnOnce(&mut Member, &mut transaction::Step) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut outputs = Vec::new();
        let Step { me, clock_ns, uncertainty_ns, noting, .. } = *step;
        let (shelf, random) = (&mut *step.shelf, &mut *step.random);
        let mut inner =
            transaction::Step { me, clock_ns, uncertainty_ns, shelf, random, outputs: &mut outputs, noting };
        act(&mut self.0, &mut inner)?;
        step.outputs.extend(outputs.into_iter().map(translated));
        Ok(())
    }
}

impl Node for Adapter {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.work(step, |member, step| member.start(step))
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match unwrapped(&message).cloned() {
            Some(message) => self.work(step, |member, step| member.receive(step, from, message)),
            None => Ok(()),
        }
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        self.work(step, |member, step| member.fire(step, timer))
    }

    fn describe(&self) -> NodeDetail {
        self.0.describe()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

fn translated(output: transaction::Output) -> Output {
    match output {
        transaction::Output::Send { to, message: transaction::Message::Told { request, outcome } } => {
            let (id, answer) = (RequestId(request), answer(outcome));
            Output::Send { to, message: Response { id, answer, context: Bytes::default(), version: 0 }.into() }
        }
        transaction::Output::Send { to, message } => Output::Send { to, message: wrapped(message) },
        transaction::Output::Arm { timer, after_ns } => Output::Arm { timer, after_ns },
        transaction::Output::Disarm { timer } => Output::Disarm { timer },
        transaction::Output::Note { topic, text } => Output::Note { topic, text },
    }
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Done => Answer::Written,
        Outcome::Balance(amount) => Answer::Value(Some(Bytes::typed(&amount.to_string()))),
        Outcome::Refused(why) => Answer::Refused(why),
        Outcome::Stuck(why) => Answer::Unknown(why),
        Outcome::Elsewhere(node) => Answer::Redirect(Some(node)),
    }
}
