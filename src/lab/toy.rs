//! A lab for tests alone: a number that grows. It shares words and the name of a preset with the B+tree lab.

use super::data::Data;
use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, Preset, SettingInfo};
use super::expectations::{Finding, measure};
use super::machine::{Machine, Task};
use super::refusal::Refusal;
use super::script::Call;
use super::values::Values;
use crate::sim::Cx;
use crate::trace::{EngineState, PageId};

const COUNT: Argument = Argument::needed("count", ArgumentKind::Number { from: 0, to: 1000 }, "how often");

pub static TOY: LabInfo = LabInfo {
    name: "toy",
    title: "Toy",
    floor: "Tests",
    summary: "A number that grows.",
    commands: &[
        CommandInfo::single("add", &[COUNT], "Adds a number.", "add 3"),
        CommandInfo::single("get", &[], "Tells the number.", "get"),
        CommandInfo::bulk("climb", &[COUNT], "Adds one, many times.", "climb 30"),
        CommandInfo::single("clear", &[], "Opens the engine anew, empty, with the same settings.", "clear"),
    ],
    expectations: &[measure("sum", "The number.", "expect sum = 3")],
    settings: &[SettingInfo {
        name: "start",
        kind: ArgumentKind::Number { from: 0, to: 9 },
        default: "2",
        help: "Where it begins; 7 is refused.",
    }],
    presets: &[Preset {
        name: "textbook",
        title: "A small sum",
        point: "Two and two are four.",
        script: "lab toy\nadd 2\nexpect sum = 4\n",
        compare: None,
        cures: &[],
        speed: "1",
    }],
    open,
};

#[derive(Clone)]
struct Toy {
    sum: u64,
    climb: (u64, u64),
}

fn open(_seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal> {
    match values.number("start") {
        7 => Err(Refusal::TooMany { count: 7 }),
        sum => Ok(Box::new(Toy { sum, climb: (0, 0) })),
    }
}

impl Machine for Toy {
    fn begin(&mut self, _cx: &mut Cx, call: &Call, data: &Data) -> Result<Task, Refusal> {
        let count = self.units(call, data);
        match call.info.name {
            "add" => self.sum += count,
            "climb" => {
                self.climb = (0, count);
                return Ok(Task::Long);
            }
            "clear" => return Ok(Task::Reopen),
            _ => {}
        }
        Ok(Task::Done(format!("The sum is {}.", self.sum)))
    }

    fn step(&mut self, _cx: &mut Cx) -> Result<(), Refusal> {
        self.sum += 1;
        self.climb.0 += 1;
        Ok(())
    }

    fn progress(&self) -> (u64, u64) {
        self.climb
    }

    fn finish(&mut self, _cx: &mut Cx) -> Result<String, Refusal> {
        let (done, _) = std::mem::take(&mut self.climb);
        Ok(format!("{done} steps up."))
    }

    fn rewritten(&self, _call: &Call, _text: &str, data: &Data, _unrecorded: bool) -> (String, Data) {
        (format!("climb {}", self.climb.0), data.clone())
    }

    fn units(&self, call: &Call, _data: &Data) -> u64 {
        call.arguments.number("count").unwrap_or(1)
    }

    fn expect(&mut self, _cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        Ok(Finding::measured(call, self.sum))
    }

    fn state(&self, _cx: &Cx, _previous: Option<&EngineState>) -> EngineState {
        EngineState { records: self.sum, ..EngineState::default() }
    }

    fn state_cost(&self) -> u32 {
        1
    }

    fn approx_bytes(&self) -> usize {
        size_of::<Toy>()
    }

    fn sentence(&self, _setting: &str) -> String {
        format!("It begins at {} now.", self.sum)
    }

    fn page_image(&self, _page: PageId) -> Option<Vec<u8>> {
        None
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::lab::{LABS, Link, Progress, Session, preset, preset_word};
    use crate::trace::Event;

    fn run(script: &str) -> Session {
        let mut session = Session::new(script);
        finish(&mut session);
        session
    }

    fn finish(session: &mut Session) {
        while session.step(3) != Progress::Idle {}
    }

    fn same(one: &Session, other: &Session) {
        assert!(one.trace().iter().eq(other.trace().iter()), "{:?}\n{:?}", one.script(), other.script());
        assert_eq!(one.state(), other.state());
    }

    #[test]
    fn one_script_may_go_to_several_labs() {
        let session = run("insert 5\nexpect records = 1\nlab toy\nset start 3\nadd 4\nexpect sum = 7\nclimb 5\n\
                           expect answered \"5 steps\"\nexpect sum = 12\nclear\nexpect sum = 3\nlab btree\nexpect records = 0\n\
                           lab toy\nexpect sum = 2\nexpect answered\nset start 7\nexpect refused \"too many\"\nexpect sum = 2");
        assert!(session.problems().is_empty(), "{:?}", session.problems());
        // After `lab` nothing has been answered yet.
        assert_eq!(session.expectations(), (9, 1));
        assert_eq!(session.lab().name, "toy");
        let problems = run("lab toy\ninsert 5\nlab btree\nadd 5").problems().to_vec();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn a_trace_begins_with_the_lab_of_its_script_however_that_comes_about() {
        let first_sum = |session: &Session| match session.trace().get(0).map(|record| &record.event) {
            Some(Event::StateTaken { state }) => (state.records, state.pages.len()),
            other => panic!("{other:?}"),
        };
        let text = "# A caption.\nlab toy\nadd 1\nclimb 9";
        let whole = run(text);
        assert_eq!(first_sum(&whole), (2, 0));
        assert!(first_sum(&run("# A caption.\ninsert 1\nlab toy")).1 > 0);
        let mut parts = Session::new("");
        for line in text.lines() {
            parts.append(line).unwrap();
            finish(&mut parts);
        }
        same(&parts, &run(&parts.script()));
        assert_eq!(first_sum(&parts), (2, 0));
        for position in 0..=whole.trace().len() {
            let mut fork = whole.fork_at(position);
            finish(&mut fork);
            same(&fork, &run(&fork.script()));
            fork.append("lab toy\nadd 7\nexpect sum = 9").unwrap();
            finish(&mut fork);
            assert_eq!(fork.expectations(), (1, 0));
            same(&fork, &run(&fork.script()));
        }
    }

    #[test]
    fn a_long_command_of_any_lab_can_be_stopped() {
        let mut session = Session::new("lab toy\nclimb 900\nadd 1");
        while session.state().records < 40 {
            session.step(10);
        }
        session.stop();
        let sum = session.state().records;
        assert_eq!(session.script(), format!("lab toy\nclimb {}", sum - 2));
        session.append(&format!("expect sum = {sum}")).unwrap();
        finish(&mut session);
        assert_eq!(session.expectations(), (1, 0));
        assert_eq!(run(&session.script()).state(), session.state());
    }

    #[test]
    fn presets_of_labs_with_equal_names_are_told_apart() {
        for lab in LABS {
            for own in lab.presets {
                let word = preset_word(lab, own);
                let (found, same) = preset(&word).unwrap();
                assert!(std::ptr::eq(found, *lab) && std::ptr::eq(same, own), "{word}");
                assert_eq!(Link::decode(&format!("#preset={word}")).unwrap().script, own.script);
                assert!(std::ptr::eq(Session::new(own.script).lab(), *lab), "{word}");
            }
        }
        assert_eq!(preset("textbook").unwrap().0.name, "btree");
        assert_eq!(preset("toy/textbook").unwrap().1.title, "A small sum");
        assert!(preset("btree/textbook").is_some() && preset("toy/zipf").is_none() && preset("toy/").is_none());
        let error = Link::decode("preset=toy/textbok").unwrap_err().to_string();
        assert!(error.contains("did you mean \"toy/textbook\""), "{error}");
    }
}
