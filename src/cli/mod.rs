//! The native command line: the same labs, headless.
//!
//! ```text
//!   glassbase run SCRIPT|-      carries a script out and prints what it answers
//!   glassbase import FILE|-    imports keys, finds each of them, and verifies
//!   glassbase check FILE|-      judges a history of clients
//!   glassbase sweep FILE|-      carries a script out at many points, and makes a table of what was measured
//!   glassbase labs              lists labs and presets
//!   glassbase help [WORD]       help on a command or setting
//! ```
//!
//! Exit codes: 0 all is well, 1 an expectation failed, a command was refused or a history breaks what is promised,
//! 2 something can't be read or understood, 3 the checker gave up.

mod accesses;
mod check;
mod import;
mod options;
mod print;
mod run;
mod sweep;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::export::measures::{COMMON, help as of_measures};
use crate::lab::{self, LABS, LabInfo, words};

/// Exit codes.
const OK: u8 = 0;
const WENT_WRONG: u8 = 1;
const UNREADABLE: u8 = 2;
const GAVE_UP: u8 = 3;

const USAGE: &str = "\
Glassbase: a whole database behind glass.

  glassbase run SCRIPT     carry a script out; - reads it from standard input; a file of accesses (.csv, .tsv, .txt: one key
                           a line, or time, key and size) is played under every policy at several sizes of a cache
      --trace FILE         write the trace, which the page can open; - is standard output
      --format FORMAT      text, json, chrome (opens in Perfetto) or csv (the measures after each command)
      --hash               print the hash of the trace and nothing else
      --quiet              print only what went wrong
  glassbase preset NAME    carry out a lab's own script (NAME or LAB/NAME); same options as run
  glassbase import FILE    import a text or CSV file of keys, find each of them, verify the tree; - is standard input
      --lab LAB            into another lab than the B+tree's: lsm
      --set NAME=VALUE     change a setting first; may be there several times (also with run and a file of accesses)
      --trace FILE, --hash, --quiet as above
  glassbase check FILE     judge a history of clients, JSON or Jepsen's EDN: is it linearizable? - is standard input
      --model MODEL        register, cas-register or map; without it, what the history needs
      --sessions           the four session guarantees instead
      --limit STEPS        give up after so many steps of the search (100000000)
  glassbase sweep FILE     carry a script out with every combination of settings and seeds; - is standard input
      --out TABLE          the table of what was measured; rows are kept beside it, and a sweep that was stopped goes on
      --format FORMAT      csv or parquet; without it, what the name of the table says
      --part 3/16          a share of the points; --out is the file that keeps its rows
      --merge ROWS...      make the table from files of rows, however the points were shared
      --fresh              begin anew instead of going on
      --plan               print how many points there are, and the columns
      --script POINT       print the script of a point
      --quiet              no progress, no summary
  glassbase labs           list the labs and their presets
  glassbase help [WORD]    list the commands of the scripts, or explain one, or a lab; help LAB WORD is about one lab;
                           help measures [LAB] lists the numbers that a sweep can measure

Exit codes: 0 all is well, 1 an expectation failed or a command was refused and no `expect refused` takes it up, or
`check` finds a history that breaks what is promised, 2 something can't be read or understood, 3 the checker gave up.
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
        "check" => check::check(rest),
        "sweep" => sweep::sweep(rest),
        "labs" => Report::ok(labs()),
        "help" | "--help" | "-h" => help(rest),
        "--version" | "-V" => Report::ok(format!("glassbase {}\n", env!("CARGO_PKG_VERSION"))),
        _ => {
            let known = ["run", "preset", "import", "check", "sweep", "labs", "help"];
            let remedy = words::suggestion(word, known);
            Report::unreadable(format!("glassbase: there is no command \"{word}\"; {remedy}"))
        }
    }
}

fn labs() -> String {
    let one = |lab: &&'static LabInfo| {
        format!("{} ({} / {})\n    {}\n{}", lab.name, lab.floor, lab.title, lab.summary, lab::help::presets(lab))
    };
    LABS.iter().map(one).collect()
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

/// Help on everything, on a word, or on a word of a lab.
fn help(words: &[String]) -> Report {
    let (word, within) = match words {
        [] => return Report::ok(overview()),
        [word] if word == "measures" => return Report::ok(measures(LABS.iter().copied())),
        [word, name] | [name, word] if word == "measures" && lab::lab(name).is_some() => {
            return Report::ok(measures(lab::lab(name)));
        }
        [word] => (word, None),
        [name, word, ..] => match lab::lab(name) {
            Some(lab) => (word, Some(lab)),
            None => {
                let remedy = words::suggestion(name, LABS.iter().map(|lab| lab.name));
                return Report::unreadable(format!("there is no lab \"{name}\"; {remedy}"));
            }
        },
    };
    let mut own = if within.is_none() { own_help(word) } else { String::new() };
    if word == "sweep" && within.is_none() {
        own.push('\n');
        own.push_str(sweep::FILE_HELP);
    }
    match lab::help(word, within) {
        Ok(text) => Report::ok(own + &text),
        Err(_) if !own.is_empty() => Report::ok(own),
        Err(text) => Report::unreadable(text),
    }
}

/// The numbers that a sweep can measure.
fn measures(labs: impl IntoIterator<Item = &'static LabInfo>) -> String {
    let mut text = "Of every run:\n".to_string();
    for (_, name, help) in COMMON {
        text.push_str(&format!("  {name}\n      {help}\n"));
    }
    for lab in labs {
        text.push_str(&format!("\n{}", of_measures(lab)));
    }
    text
}

fn overview() -> String {
    let mut text = format!("{USAGE}\nCommands of every script:\n");
    for command in lab::LANGUAGE {
        text.push_str(&format!("  {}\n      {}\n", command.usage(), command.help));
    }
    for lab in LABS {
        let (name, summary) = (lab.name, lab.summary);
        text.push_str(&format!("\nLab {name}: {summary} (glassbase help {name} explains its words.)\n"));
        for command in lab.commands {
            text.push_str(&format!("  {}\n", command.usage()));
        }
    }
    text
}
