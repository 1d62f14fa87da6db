//! The native command line: the same labs, headless.
//!
//! ```text
//!   glassbase run SCRIPT|-      carries a script out and prints what it answers
//!   glassbase import FILE|-    imports keys, finds each of them, and verifies
//!   glassbase labs              lists labs and presets
//!   glassbase help [WORD]       help on a command or setting
//! ```
//!
//! Exit codes: 0 all is well, 1 an expectation failed or a command was refused, 2 something can't be read or understood.

mod import;
mod options;
mod print;
mod run;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::lab::{self, LABS, words};

/// Exit codes.
const OK: u8 = 0;
const WENT_WRONG: u8 = 1;
const UNREADABLE: u8 = 2;

const USAGE: &str = "\
Glassbase: a whole database behind glass.

  glassbase run SCRIPT     carry a script out; - reads it from standard input
      --trace FILE         write the trace, which the page can open; - is standard output
      --hash               print the hash of the trace and nothing else
      --quiet              print only what went wrong
  glassbase preset NAME    carry out a lab's own script; same options as run
  glassbase import FILE    import a text or CSV file of keys, find each of them, verify the tree; - is standard input
      --set NAME=VALUE     change a setting first; may be there several times
      --trace FILE, --hash, --quiet as above
  glassbase labs           list the labs and their presets
  glassbase help [WORD]    list the commands of the scripts, or explain one

Exit codes: 0 all is well, 1 an expectation failed or a command was refused and no `expect refused` takes it up,
2 something can't be read or understood.
";

/// What a run of the program comes to: text for standard output, text for standard error, and an exit code.
pub struct Report {
    pub out: String,
    pub err: String,
    pub code: u8,
}

impl Report {
    fn ok(out: String) -> Report {
        Report { out, err: String::new(), code: OK }
    }

    fn unreadable(err: impl Into<String>) -> Report {
        let mut err = err.into();
        err.push('\n');
        Report { out: String::new(), err, code: UNREADABLE }
    }
}

/// Runs the program; `args` are its arguments without its own name.
pub fn main(args: impl IntoIterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.into_iter().collect();
    let report = respond(&args);
    // A reader that went away (`glassbase labs | head -1`) is no error of ours.
    let _ = io::stdout().write_all(report.out.as_bytes());
    let _ = io::stderr().write_all(report.err.as_bytes());
    ExitCode::from(report.code)
}

/// What the program has to say to its arguments.
pub fn respond(args: &[String]) -> Report {
    let Some((word, rest)) = args.split_first() else { return Report::ok(USAGE.to_string()) };
    match word.as_str() {
        "run" => run::run(rest),
        "preset" => run::preset(rest),
        "import" => import::import(rest),
        "labs" => Report::ok(labs()),
        "help" | "--help" | "-h" => help(rest),
        "--version" | "-V" => Report::ok(format!("glassbase {}\n", env!("CARGO_PKG_VERSION"))),
        _ => {
            let known = ["run", "preset", "import", "labs", "help"];
            let remedy = words::suggestion(word, known);
            Report::unreadable(format!("glassbase: there is no command \"{word}\"; {remedy}"))
        }
    }
}

fn labs() -> String {
    let mut text = String::new();
    for lab in LABS {
        text.push_str(&format!("{} ({} / {})\n    {}\n", lab.name, lab.floor, lab.title, lab.summary));
        for preset in lab.presets {
            text.push_str(&format!("    preset {:<12} {}\n", preset.name, preset.point));
        }
    }
    text
}

/// What the usage says of one of the program's own commands, its options included.
fn own_help(word: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for line in USAGE.lines() {
        if let Some(usage) = line.strip_prefix("  glassbase ") {
            within = usage.split_whitespace().next() == Some(word);
        }
        within &= line.starts_with("  ");
        if within {
            text.push_str(&format!("{}\n", &line[2..]));
        }
    }
    text
}

fn help(words: &[String]) -> Report {
    let lab = LABS[0];
    if let Some(word) = words.first() {
        let own = own_help(word);
        return match lab::help(lab, word) {
            Ok(text) => Report::ok(own + &text),
            Err(_) if !own.is_empty() => Report::ok(own),
            Err(text) => Report::unreadable(text),
        };
    }
    let mut text = format!("{USAGE}\nCommands of a script:\n");
    for command in lab::LANGUAGE.iter().chain(lab.commands) {
        text.push_str(&format!("  {}\n      {}\n", command.usage(), command.help));
    }
    text.push_str("\nBehind expect:\n");
    for expectation in lab.expectations {
        text.push_str(&format!("  {}\n      {}\n", expectation.usage(), expectation.help));
    }
    text.push_str("\nSettings:\n");
    for setting in lab.settings {
        let values = setting.kind.describe();
        text.push_str(&format!("  {} ({values}; default {})\n      {}\n", setting.name, setting.default, setting.help));
    }
    Report::ok(text)
}
