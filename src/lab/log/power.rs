//! The power fails, and comes back.

use super::ledger::{Findings, content_of};
use super::machine::LogLab;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::{counted, grouped};
use crate::sim::{Crash, Cx};
use crate::storage::StorageError;
use crate::trace::parts::client::MediumPage;
use crate::trace::{Event, PageId, WriteFate};

impl LogLab {
    /// Whether the power was to fail after some disk operations, and they are done.
    pub fn power_is_off(&self) -> bool {
        self.database.disk().operations_left() == Some(0)
    }

    /// Lets the power fail later.
    pub fn crash_after(&mut self, call: &Call) -> String {
        let operations = call.arguments.number("operations").unwrap_or_default();
        self.database.disk_mut().fail_power_after(operations);
        match operations {
            0 => "The power fails at the next disk operation, or at the end of the next command.".to_string(),
            _ => format!("The power fails after {}.", counted(operations, "more disk operation")),
        }
    }

    /// What is said of a command in which the power failed.
    pub fn power_failed(&mut self, cx: &mut Cx) -> String {
        format!("The power failed during this command. {}", self.crash(cx, None))
    }

    pub fn crash(&mut self, cx: &mut Cx, choice: Option<u64>) -> String {
        let unsynced: Vec<PageId> = self.database.disk().unsynced().collect();
        let image = |lab: &LogLab, page, durable| {
            let disk = lab.database.disk();
            let bytes = if durable { disk.peek_durable(page) } else { disk.peek(page) };
            bytes.unwrap_or_default().to_vec()
        };
        let before: Vec<(PageId, Vec<u8>, Vec<u8>)> =
            unsynced.into_iter().map(|page| (page, image(self, page, false), image(self, page, true))).collect();
        let Crash { kept, lost, torn } = match choice {
            Some(choice) => self.database.crash_seeded(cx, choice),
            None => self.database.crash(cx),
        };
        for (page, live, durable) in before {
            let now = image(self, page, false);
            let fate = match () {
                () if now == live => WriteFate::Kept,
                () if now == durable => WriteFate::Lost,
                () => WriteFate::Torn,
            };
            let MediumPage { live: lsn, damaged, .. } = self.image(page);
            cx.emit(|| Event::PageSurvived { page, fate, lsn, damaged });
        }
        self.ledger.crashed(cx);
        let writes = |count: u32| grouped(count.into());
        format!(
            "Memory is gone. Of the writes that were not synced {} were kept, {} lost, {} torn.",
            writes(kept),
            writes(lost),
            writes(torn)
        )
    }

    /// Tells what a bit that was flipped left of a page.
    pub fn damaged(&mut self, cx: &mut Cx, page: PageId) {
        let MediumPage { live, durable, .. } = self.image(page);
        cx.emit(|| Event::PageDamaged { page, live, durable });
    }

    /// The database is open again: is everything there that was promised?
    pub fn recovered(&mut self, cx: &mut Cx) -> String {
        let found = content_of(&self.database);
        let findings = self.ledger.recovered(cx, found, self.settings.is_async());
        verdict(&findings)
    }

    /// It cannot be opened.
    pub fn not_recovered(&mut self, cx: &mut Cx, error: &StorageError) {
        let problem = format!("the database cannot be opened: {error}");
        self.ledger.recovered(cx, Err(problem), self.settings.is_async());
    }

    pub fn verify(&mut self, cx: &mut Cx) -> Result<String, Refusal> {
        if self.database.needs_recovery() {
            return Err(StorageError::NotRecovered.into());
        }
        let verification = self.database.verify(cx);
        Ok(match &verification.problem {
            None => format!(
                "Every invariant holds: {}, {} pages.",
                counted(verification.records, "record"),
                grouped(u64::from(verification.pages))
            ),
            Some(problem) => format!("An invariant is broken: {problem}"),
        })
    }
}

/// What was found, in a sentence.
pub fn verdict(findings: &Findings) -> String {
    let Findings { promised, lost, records, problem } = findings;
    if !problem.is_empty() {
        return format!("Broken: {problem}.");
    }
    let (promised, records) = (counted(*promised, "committed transaction"), counted(*records, "record"));
    match lost {
        0 => format!("Every committed write is there, nothing else is: {promised}, {records}."),
        _ => format!(
            "{promised}, {records}; {} lost that had been acknowledged before its sync, as may happen, and nothing else.",
            counted(*lost, "transaction")
        ),
    }
}
