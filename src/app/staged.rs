//! What is done on the stage of a cluster: to a node, a link or a message, at the moment that the playhead shows.
//!
//! ```text
//!   run 500ms                    playhead inside it, at 37.5 ms; message 17 is clicked and dropped
//!   put x 1
//!   ──────────▶
//!   at 37.5ms drop 17            the same run, but for this line before the command under way
//!   run 500ms
//!   put x 1
//! ```
//!
//! At the end of a run there is nothing to go back to: the line is issued as if it had been typed.

use super::player::Move;
use super::root::App;

/// Records that the line takes in the trace: it begins and it ends.
const RECORDS_EACH: usize = 2;

impl App {
    /// Carries out lines of script at the playhead.
    pub fn issue_here(&mut self, lines: &str) {
        let position = self.player.position();
        let Some(session) = self.player.run.session() else {
            return self.complain("This is a recorded trace: fork to run its script, then go on from there.");
        };
        let commands = session.commands();
        let complete = commands.partition_point(|span| span.records.end <= position);
        if position >= self.player.run.len() || complete >= commands.len() {
            return self.issue(lines);
        }
        let kept = complete.checked_sub(1).map_or(0, |index| commands[index].line);
        let rest: Vec<String> = session.script().lines().skip(kept).map(str::to_string).collect();
        let time_ns = self.player.run.timeline().view_at(position).time_ns;
        let said = lines.replace('\n', ", ");
        let added: Vec<String> = lines.lines().map(|line| format!("at {} {line}", milliseconds(time_ns))).collect();
        let goal = position + RECORDS_EACH * added.len();
        self.player.seek(Move::To(position as f64));
        self.fork();
        let undo = self.undo.take();
        let script = added.into_iter().chain(rest).collect::<Vec<_>>().join("\n");
        self.issue(&script);
        // On from the same moment, not from the beginning of the command.
        self.goal = Some(goal);
        self.say(&format!("From here on another run: {said} at {}.", milliseconds(time_ns)));
        self.undo = undo;
    }
}

/// `37.5ms`, exactly.
fn milliseconds(ns: u64) -> String {
    let (whole, part) = (ns / 1_000_000, ns % 1_000_000);
    let text = format!("{whole}.{part:06}");
    format!("{}ms", text.trim_end_matches('0').trim_end_matches('.'))
}
