//! The command line as a person uses it: what it prints, and with which exit code it ends.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use glassbase_core::trace::text::{hash, read_trace};

struct Ended {
    out: String,
    err: String,
    code: i32,
}

fn glassbase(args: &[&str], input: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbase"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended already, having refused its arguments: then nobody reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

/// A file of its own for a test.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_script_is_carried_out() {
    let ended = glassbase(&["run", "-"], "insert 37 oak\n# a caption\nget 37\nexpect valid\n");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.contains("> get 37\n  37 is there: oak\n"), "{}", ended.out);
    assert!(ended.out.contains("# a caption\n"));
    assert!(ended.out.ends_with("1 expectation held, 0 failed\n"), "{}", ended.out);
    assert_eq!(glassbase(&["run", "-", "--quiet"], "insert 37").out, "");
}

#[test]
fn an_expectation_that_fails_ends_with_one() {
    let ended = glassbase(&["run", "-", "--quiet"], "insert 1\nexpect present 2\n");
    assert_eq!(ended.code, 1);
    assert_eq!(ended.err, "standard input:2: expect present 2: fails, found not there\n");
}

#[test]
fn a_refusal_that_is_not_expected_ends_with_one() {
    let script = "insert 1\nflip 900 1\nflip 901 1\nexpect valid\nexpect refused\nflip 902 1\n";
    let ended = glassbase(&["run", "-"], script);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert_eq!(ended.out.matches("  refused: ").count(), 3);
    assert!(ended.out.ends_with(" held, 0 failed, 2 refused\n"), "{}", ended.out);
    let ended = glassbase(&["run", "-", "--quiet"], script);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    let begins = |line: &str, with: &str| assert!(line.starts_with(with), "{line}");
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.err);
    begins(lines[0], "standard input:2: refused: ");
    begins(lines[1], "standard input:6: refused: ");
}

#[test]
fn many_problems_are_cut_and_list_the_words_once() {
    let ended = glassbase(&["run", "-"], &"qqqqqqqq\n".repeat(92));
    assert_eq!((ended.code, ended.err.lines().count()), (2, 21));
    assert_eq!(ended.err.matches("there are: ").count(), 1);
    assert!(ended.err.ends_with("\nand 72 more\n"), "{}", ended.err);
}

#[test]
fn a_trace_is_not_run_but_goes_through_pipes() {
    let ended = glassbase(&["run", "-", "--trace", "-"], "insert 37\n");
    assert_eq!(ended.code, 0);
    assert!(read_trace(&ended.out).is_ok());
    let refused = glassbase(&["run", "-"], &ended.out);
    assert_eq!((refused.code, refused.err.lines().count()), (2, 1));
    assert!(refused.err.contains("standard input is a trace: drop it on the page"), "{}", refused.err);
    assert_eq!(glassbase(&["run", "-", "--trace", "-", "--hash"], "insert 37\n").code, 2);
    let imported = glassbase(&["import", "-"], "ash\nelm\n");
    assert_eq!(imported.code, 0);
    assert!(imported.out.starts_with("standard input: 2 keys\n"), "{}", imported.out);
}

#[test]
fn what_cannot_be_understood_ends_with_two_and_runs_nothing() {
    let path = file("wrong.gb", b"insert 1\n\n  inset 2\n");
    let name = path.to_str().unwrap();
    let ended = glassbase(&["run", name], "");
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert_eq!(ended.err, format!("{name}:3:3: there is no command \"inset\"; did you mean \"insert\"?\n"));
    assert_eq!(glassbase(&["run", "/nowhere/at/all.gb"], "").code, 2);
    assert_eq!(glassbase(&["rnu"], "").err, "glassbase: there is no command \"rnu\"; did you mean \"run\"?\n");
    assert_eq!(glassbase(&["preset", "textbok"], "").code, 2);
    assert_eq!(glassbase(&["run", "-"], "lab nowhere").code, 2);
    let image = file("image.gb", &[0xff, 0xfe, 0, 1]);
    assert!(glassbase(&["run", image.to_str().unwrap()], "").err.contains("not UTF-8"));
}

#[test]
fn the_trace_is_written_and_its_hash_is_the_golden_one() {
    let (name, script) = scripts::SCRIPTS.iter().find(|(name, _)| *name == "storage/leaf-split").unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("written.trace");
    let ended = glassbase(&["run", "-", "--hash", "--trace", path.to_str().unwrap()], script);
    let golden = include_str!("scripts/hashes.txt").lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    assert_eq!(Some(ended.out.trim()), golden);
    let (text, trace) = read_trace(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(text, **script);
    assert_eq!(format!("{:016x}", hash(&trace)), ended.out.trim());
    assert_eq!(glassbase(&["run", "-", "--trace", "/nowhere/at/all"], script).code, 2);
}

#[test]
fn help_and_labs_are_there() {
    assert!(glassbase(&["labs"], "").out.contains("preset textbook"));
    assert!(glassbase(&["help"], "").out.contains("insert KEY [VALUE] [size N]"));
    assert!(glassbase(&["help", "page_size"], "").out.contains("default 8192"));
    assert!(glassbase(&["help", "help"], "").out.starts_with("glassbase help [WORD]"));
    let import = glassbase(&["help", "import"], "").out;
    assert!(import.starts_with("glassbase import FILE") && import.contains("data lines"), "{import}");
    assert_eq!(glassbase(&["help", "textbook"], "").code, 0);
    assert!(glassbase(&["help", "btree"], "").out.contains("set page_size VALUE"));
    assert!(glassbase(&["help", "btree", "insert"], "").out.starts_with("insert KEY"));
    let ended = glassbase(&["help", "btre", "insert"], "");
    assert_eq!((ended.code, ended.err.contains("did you mean \"btree\"?")), (2, true));
    assert_eq!(glassbase(&["preset", "btree/textbook", "--quiet"], "").code, 0);
    assert!(glassbase(&["preset", "textbok"], "").err.contains("did you mean \"textbook\"?"));
    let ended = glassbase(&["help", "inset"], "");
    assert_eq!((ended.code, ended.err.contains("did you mean \"insert\"?")), (2, true));
    assert_eq!(glassbase(&[], "").code, 0);
    assert!(glassbase(&["--version"], "").out.starts_with("glassbase "));
}

#[test]
fn traces_are_written_in_the_formats_of_others() {
    let chrome = glassbase(&["run", "-", "--format", "chrome"], "insert 37\n");
    assert_eq!(chrome.code, 0);
    assert!(chrome.out.starts_with("{\"displayTimeUnit\":\"ns\",\"traceEvents\":["), "{}", chrome.out);
    assert!(glassbase(&["run", "-", "--format", "json"], "insert 37\n").out.contains("\"event\":\"record-inserted\""));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measures.csv");
    let ended = glassbase(&["run", "-", "--format", "csv", "--trace", path.to_str().unwrap()], "insert 37\n");
    assert!(ended.out.contains("> insert 37\n"), "{}", ended.out);
    assert!(fs::read_to_string(path).unwrap().contains(",1,insert 37,1,1,2,"));
    assert_eq!(glassbase(&["run", "-", "--format", "jsn"], "insert 37\n").code, 2);
}

#[test]
fn numbers_to_measure_are_listed() {
    let all = glassbase(&["help", "measures"], "").out;
    let of_lab = glassbase(&["help", "measures", "lsm"], "").out;
    assert!(all.contains("Lab btree:\n") && !of_lab.contains("Lab btree:\n"));
    assert!(of_lab.contains("  time-ns\n") && of_lab.contains("  shown.write-amplification\n"), "{of_lab}");
    assert!(glassbase(&["help", "raft", "measures"], "").out.contains("  term [at n1]\n"));
    let sweep = glassbase(&["help", "sweep"], "").out;
    assert!(sweep.starts_with("glassbase sweep FILE") && sweep.contains("\n  seeds from 1 to 5"), "{sweep}");
}

#[test]
fn presets_hold_what_they_promise() {
    for (name, _) in scripts::presets() {
        let ended = glassbase(&["preset", name.strip_prefix("preset/").unwrap(), "--quiet"], "");
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn a_file_of_keys_is_imported() {
    let long = "x".repeat(5000);
    let text = format!("ash\r\nelm\r\n\r\nash\r\n{long}\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"gr\xfcn\n");
    let path = file("keys.txt", &bytes);
    let name = path.to_str().unwrap();
    let ended = glassbase(&["import", name, "--set", "page_size=512", "--set", "order=4"], "");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let report = "4 keys, 1 of them more than once, 1 not in UTF-8 and kept as raw bytes, 1 blank line passed over, \
                  1 too long for a key and left out (the first is line 5)";
    assert!(ended.out.starts_with(&format!("{name}: {report}\n")), "{}", ended.out);
    assert!(ended.out.contains("3 inserted, 1 there already."), "{}", ended.out);
    assert!(ended.out.contains(" events, ") && ended.out.contains("Every invariant holds: 3 records"), "{}", ended.out);
    assert!(glassbase(&["import", name, "--set", "page_sise=512"], "").err.contains("did you mean \"page_size\"?"));
    let lsm = glassbase(&["import", name, "--lab", "lsm", "--set", "memtable=4096"], "");
    assert_eq!(lsm.code, 0, "{}{}", lsm.out, lsm.err);
    assert!(lsm.out.contains("put"), "{}", lsm.out);
    let refused = glassbase(&["import", name, "--lab", "pool"], "");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("no keys to import; these take a file of keys: btree, lsm"), "{}", refused.err);
    assert!(glassbase(&["import", name, "--lab", "lsn"], "").err.contains("did you mean \"lsm\"?"));
}

#[test]
fn a_file_that_cannot_be_imported_is_told() {
    for (name, content, what) in [
        ("empty.txt", &b""[..], "is empty"),
        ("blank.txt", b"\n\r\n  \n", "has 3 lines and all of them are blank"),
        ("script.gb", b"insert 1\n", "is a script: glassbase run carries it out"),
        ("trace.txt", b"glassbase-trace 1\n", "is a trace"),
    ] {
        let path = file(name, content);
        let ended = glassbase(&["import", path.to_str().unwrap()], "");
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{name}");
        assert!(ended.err.contains(what), "{name}: {}", ended.err);
    }
}

#[test]
fn a_file_of_200_mebibytes_is_told_off_unread() {
    let path = file("large.txt", b"");
    fs::File::options().write(true).open(&path).unwrap().set_len(200 << 20).unwrap();
    let ended = glassbase(&["import", path.to_str().unwrap()], "");
    fs::remove_file(&path).unwrap();
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("200 MiB; up to 64 MiB can be opened"), "{}", ended.err);
}

const GOOD: &str = r#"
{"type":"invoke","process":0,"f":"write","value":1,"time":10}
{"type":"ok","process":0,"f":"write","time":20}
{"type":"invoke","process":1,"f":"read","time":30}
{"type":"ok","process":1,"f":"read","value":1,"time":40}
"#;

#[test]
fn a_history_is_judged() {
    let ended = glassbase(&["check", "-"], GOOD);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(
        ended.out.starts_with("standard input: 2 operations of 2 clients, as a register\nlinearizable ("),
        "{}",
        ended.out
    );
    let ended = glassbase(&["check", "-"], &GOOD.replace("\"read\",\"value\":1", "\"read\",\"value\":null"));
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    let reason = "not linearizable: the read by client 1 returned nothing, but 1 was written by client 0, and acknowledged, before it began\n";
    assert!(ended.out.contains(reason), "{}", ended.out);
    assert!(ended.out.contains("    30 to 40 ns  client 1  read: nothing   <-- has no place\n"), "{}", ended.out);
    let edn = "{:type :invoke :f :cas :value [1 2] :process 0} {:type :ok :f :cas :value [1 2] :process 0}";
    let path = file("history.edn", edn.as_bytes());
    let ended = glassbase(&["check", path.to_str().unwrap(), "--model", "cas-register"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains("but nobody wrote 1\n"), "{}", ended.out);
    assert_eq!(glassbase(&["check", path.to_str().unwrap(), "--model", "register"], "").code, 2);
}

#[test]
fn session_guarantees_are_judged() {
    let ended = glassbase(&["check", "-", "--sessions"], GOOD);
    assert_eq!(ended.code, 0);
    assert!(ended.out.contains("read your writes: holds\nmonotonic reads: holds\n"), "{}", ended.out);
    let own = GOOD.replace("\"process\":1", "\"process\":0").replace("\"read\",\"value\":1", "\"read\",\"value\":null");
    let ended = glassbase(&["check", "--sessions", "-"], &own);
    assert_eq!(ended.code, 1);
    let told = "read your writes: violated, 1 time\n  client 0 wrote 1, and then it found nothing\n";
    assert!(ended.out.contains(told), "{}", ended.out);
    let twice = GOOD.replace("\"f\":\"read\",\"time\":30", "\"f\":\"write\",\"value\":1,\"time\":30");
    assert_eq!(glassbase(&["check", "--sessions", "-"], &twice).code, 3);
}

#[test]
fn a_history_that_can_not_be_read_is_told_with_its_line() {
    let ended = glassbase(&["check", "-"], &GOOD.replace("\"f\":\"read\",\"time\":30", "\"f\":\"append\",\"time\":30"));
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    let error = "standard input:4:34: there is no operation append; there are: read, write, cas, delete\n";
    assert_eq!(ended.err, error);
    let path = file("history.json", b"\n\n\xff");
    let ended = glassbase(&["check", path.to_str().unwrap()], "");
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("history.json:3: this is not UTF-8 text"), "{}", ended.err);
    assert_eq!(glassbase(&["check", "/no/such/history"], "").code, 2);
    assert_eq!(glassbase(&["check"], "").code, 2);
    let ended = glassbase(&["help", "check"], "");
    assert!(ended.out.contains("--sessions"), "{}", ended.out);
}

#[test]
fn a_history_that_is_too_much_is_given_up() {
    let ended = glassbase(&["check", "-", "--limit", "1"], GOOD);
    assert_eq!(ended.code, 3);
    assert!(ended.out.contains("gave up: the 1 steps that it may take were not enough"), "{}", ended.out);
}

#[test]
fn a_setting_that_nothing_would_take_is_refused() {
    let ended = glassbase(&["run", "-", "--set", "order=4"], "insert 37\n");
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("a script says it itself: set order 4"), "{}", ended.err);
    let ended = glassbase(&["preset", "textbook", "--set", "order=4"], "");
    assert!(ended.err.contains("there is no option --set; there are: --trace"), "{}", ended.err);
}
