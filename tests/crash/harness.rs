//! The harness: one workload, and a power failure at each of its disk operations.
//!
//! ```text
//!   step 1 ─▶ step 2 ─▶ step 3 ─▶ …                 the run, never crashed
//!              │ clone before the step
//!              ├─ power fails at its 1st operation ─┬─ outcome 1 ─▶ recover ─▶ check
//!              ├─ … at its 2nd operation            ├─ outcome 2 ─▶ recover ─▶ check
//!              └─ …                                 └─ … and power fails during recovery ─▶ recover ─▶ check
//! ```
//!
//! Engines are cheap to clone, so nothing is run twice but the one step.

use glassbase_core::sim::{Cx, Disk, Generator};

use crate::client::{Client, Map};

/// What the harness needs of an engine and the workload that runs on it.
pub trait Subject: Clone {
    /// Does the next step of the workload, telling the client. Errors are part of it.
    fn step(&mut self, cx: &mut Cx, client: &mut Client);
    fn disk(&mut self) -> &mut Disk;
    /// Power fails; what was not synced is decided by `choice`.
    fn crash(&mut self, cx: &mut Cx, choice: u64);
    fn recover(&mut self, cx: &mut Cx) -> Result<(), String>;
    /// What the contents should be, had there been no crash.
    fn expected(&self, client: &Client) -> Map;
    fn contents(&mut self, cx: &mut Cx) -> Result<Map, String>;
    /// Checks all invariants.
    fn verify(&mut self, cx: &mut Cx) -> Result<(), String>;
    /// Does a little more work after recovery; the error says what is wrong.
    fn go_on(&mut self, cx: &mut Cx) -> Result<(), String>;
}

/// How hard to try.
#[derive(Clone, Copy)]
pub struct Effort {
    pub steps: u64,
    /// Outcomes tried of each failure.
    pub outcomes: u64,
    /// Failures during recovery: one in so many points is tried at every operation, the others at one.
    pub every: u64,
}

/// What was tried.
#[derive(Default)]
pub struct Tried {
    pub points: u64,
    pub failures: Vec<String>,
}

impl Tried {
    pub fn add(&mut self, other: Tried) {
        self.points += other.points;
        self.failures.extend(other.failures);
    }

    /// The factor by which the long run tries more.
    pub fn effort() -> u64 {
        std::env::var("CRASH_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
    }

    pub fn report(self, name: &str, least: u64) {
        println!("{name}: {} crash points tried, {} failures", self.points, self.failures.len());
        let shown: Vec<_> = self.failures.iter().take(10).cloned().collect();
        assert!(self.failures.is_empty(), "{} of {} failed:\n{}", self.failures.len(), self.points, shown.join("\n"));
        assert!(self.points >= least, "{name}: only {} points", self.points);
    }
}

/// Crashes a run of `subject` at every disk operation.
pub fn crash_everywhere<S: Subject>(name: &str, mut cx: Cx, mut subject: S, effort: Effort) -> Tried {
    let mut tried = Tried::default();
    let mut client = Client::new();
    cx.recorder.switch(false);
    for step in 0..effort.steps {
        let before = (cx.clone(), subject.clone(), client.clone());
        let operations = subject.disk().operations();
        subject.step(&mut cx, &mut client);
        let operations = subject.disk().operations() - operations;
        for operation in 0..operations {
            let (mut cx, mut subject, mut client) = before.clone();
            subject.disk().fail_power_after(operation);
            subject.step(&mut cx, &mut client);
            for outcome in 0..effort.outcomes {
                let point = Point { name, step, operation, outcome };
                crash_once(&point, &cx, &subject, &client, effort, &mut tried);
            }
        }
    }
    if let Err(error) = uncrashed(&mut cx, &mut subject, &client) {
        tried.failures.push(format!("{name}: without a crash: {error}"));
    }
    tried
}

struct Point<'a> {
    name: &'a str,
    step: u64,
    operation: u64,
    outcome: u64,
}

fn crash_once<S: Subject>(point: &Point, cx: &Cx, subject: &S, client: &Client, effort: Effort, tried: &mut Tried) {
    let Point { name, step, operation, outcome } = *point;
    let choice = (step * 1_000_003 + operation) * 101 + outcome;
    let mut fail =
        |text: String| tried.failures.push(format!("{name}, step {step}.{operation}, outcome {outcome}: {text}"));
    let (mut cx, mut subject) = (cx.clone(), subject.clone());
    subject.crash(&mut cx, choice);
    let (crashed_cx, crashed) = (cx.clone(), subject.clone());
    let operations = subject.disk().operations();
    tried.points += 1;
    let more = tried.points.is_multiple_of(7);
    if let Err(error) = subject.recover(&mut cx).and_then(|()| settle(&mut cx, &mut subject, client, more)) {
        fail(error);
    }
    let operations = subject.disk().operations() - operations;
    let mut generator = Generator::new(choice, "again");
    let all = tried.points.is_multiple_of(effort.every);
    let again: Vec<u64> = if all { (0..operations).collect() } else { vec![generator.below(operations.max(1))] };
    for operation in again {
        let (mut cx, mut subject) = (crashed_cx.clone(), crashed.clone());
        subject.disk().fail_power_after(operation);
        let _ = subject.recover(&mut cx);
        subject.crash(&mut cx, generator.next_u64());
        tried.points += 1;
        if let Err(error) = subject.recover(&mut cx).and_then(|()| settle(&mut cx, &mut subject, client, false)) {
            fail(format!("again after {operation} operations of recovery: {error}"));
        }
    }
}

/// Checks the engine that never was crashed.
fn uncrashed<S: Subject>(cx: &mut Cx, subject: &mut S, client: &Client) -> Result<(), String> {
    subject.verify(cx)?;
    let found = subject.contents(cx)?;
    if client.agrees(&subject.expected(client), &found) {
        Ok(())
    } else {
        Err("the contents are not what they should be".to_string())
    }
}

/// Checks an engine that was recovered.
fn settle<S: Subject>(cx: &mut Cx, subject: &mut S, client: &Client, more: bool) -> Result<(), String> {
    subject.verify(cx)?;
    let found = subject.contents(cx)?;
    client.allows(&found)?;
    if more { subject.go_on(cx) } else { Ok(()) }
}
