//! What may stand behind `expect` in this lab, and how it is checked.

use super::ledger::content_of;
use super::machine::LogLab;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, counted, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{shortened, shown};
use crate::sim::Cx;
use crate::storage::StorageError;

const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "kept",
        &[],
        "The last comparison with the client's notes found every committed write, and nothing else.",
        "expect kept",
    ),
    CommandInfo::single(
        "broken",
        &[Argument::optional("text", ArgumentKind::Text, "what it found among other things")],
        "The last comparison with the client's notes found something wrong.",
        "expect broken checksum",
    ),
    CommandInfo::single(
        "get",
        &[KEY, IS, Argument::needed("value", ArgumentKind::Text, "the value")],
        "The key is there and has this value.",
        "expect get 37 = oak",
    ),
    CommandInfo::single("present", &[KEY], "The key is there.", "expect present 37"),
    CommandInfo::single("absent", &[KEY], "The key is not there.", "expect absent 37"),
    CommandInfo::single(
        "keys",
        &[IS, Argument::rest("key", ArgumentKind::Key, "the keys in order")],
        "These are all the keys, in order.",
        "expect keys = 10 20 30",
    ),
    CommandInfo::single("valid", &[], "Every invariant of the tree holds.", "expect valid"),
    measure("records", "Records in the tree.", "expect records >= 10"),
    measure("told", "Transactions that are acknowledged and not lost.", "expect told = 4"),
    measure("lost", "Transactions that were acknowledged and lost.", "expect lost = 1"),
    measure("open", "Transactions that are open.", "expect open = 0"),
    measure("segments", "Files of the log.", "expect segments <= 2"),
    measure("log-bytes", "Bytes of the log's files.", "expect log-bytes < 20000"),
    measure("commit-us", "Microseconds that a commit took on average.", "expect commit-us > 100"),
    measure("pages", "Pages of the file.", "expect pages < 20"),
    measure("flushes", "Dirty pages written so far.", "expect flushes > 0"),
    measure("reads", "Reads from the disk so far.", "expect reads > 0"),
    measure("writes", "Writes to the disk so far.", "expect writes > 0"),
    measure("syncs", "Times that something was made durable so far.", "expect syncs >= 4"),
];

impl LogLab {
    pub fn check_expectation(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        let name = call.info.name;
        Ok(match name {
            "kept" | "broken" => self.compared(call),
            "get" | "present" | "absent" => self.lookup(cx, call)?,
            "keys" => self.keys(call)?,
            "valid" => match self.database.needs_recovery() {
                true => return Err(StorageError::NotRecovered.into()),
                false => {
                    let problem = self.database.verify(cx).problem;
                    Finding::new(problem.is_none(), problem.unwrap_or_else(|| "every invariant holds".to_string()))
                }
            },
            _ => Finding::measured(call, counted(cx, name).unwrap_or_else(|| self.number(name))),
        })
    }

    fn compared(&self, call: &Call) -> Finding {
        let Some(check) = &self.ledger.notes.check else {
            return Finding::new(false, "nothing was compared since the last change");
        };
        let problem =
            if check.problem.is_empty() { "every committed write is there, nothing else is" } else { &check.problem };
        let held = match call.info.name {
            "kept" => check.problem.is_empty(),
            _ => !check.problem.is_empty() && check.problem.contains(call.arguments.text("text").unwrap_or_default()),
        };
        Finding::new(held, problem)
    }

    fn lookup(&mut self, cx: &mut Cx, call: &Call) -> Result<Finding, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(Finding::new(false, "no key")) };
        let value = self.database.get(cx, key)?;
        let found = value.as_ref().map_or("not there".to_string(), |value| shown(value));
        let held = match call.info.name {
            "get" => value.as_deref() == call.arguments.text("value").map(str::as_bytes),
            "present" => value.is_some(),
            _ => value.is_none(),
        };
        Ok(Finding::new(held, found))
    }

    fn keys(&mut self, call: &Call) -> Result<Finding, Refusal> {
        if self.database.needs_recovery() {
            return Err(StorageError::NotRecovered.into());
        }
        Ok(match content_of(&self.database) {
            Ok(content) => {
                let held = content.keys().eq(call.arguments.keys("key"));
                let keys: Vec<String> = content.keys().take(50).map(|key| shown(key)).collect();
                Finding::new(held, shortened(&keys.join(" "), 200))
            }
            Err(problem) => Finding::new(false, problem),
        })
    }

    fn number(&self, name: &str) -> u64 {
        let disk = self.database.disk();
        let log_files = || disk.files().filter(|(_, name)| name.starts_with("log-"));
        match name {
            "records" => self.database.tree().records(),
            "told" => self.ledger.notes.told,
            "lost" => self.ledger.notes.lost,
            "open" => self.ledger.open.len() as u64,
            "segments" => log_files().count() as u64,
            "log-bytes" => log_files().filter_map(|(file, _)| disk.file_len(file)).sum(),
            "commit-us" => self.commit_ns / 1000 / self.commits.max(1),
            "pages" => disk.page_count().into(),
            _ => {
                debug_assert!(false, "expectation {name} is declared but not known");
                0
            }
        }
    }
}
