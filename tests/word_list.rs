//! Real input: the word list of Debian's package wamerican, imported whole; every word is then found, in order, in a tree
//! that is valid.
//!
//! The list is not in the repository. It is taken from where the package puts it (`make test` installs it), or else the
//! package is fetched and unpacked below the target folder. Where neither can be done, the tests fail and say so.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use glassbase_core::lab::intake::{self, Opened};
use glassbase_core::lab::{Data, Progress, Session};

const WORDS: usize = 104_334;
const INSTALLED: &str = "/usr/share/dict/american-english";

/// Unpacks the package below the target folder; needs no rights.
fn fetched() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wamerican");
    let list = folder.join("usr/share/dict/american-english");
    if list.exists() {
        return Some(list);
    }
    fs::create_dir_all(&folder).ok()?;
    let download = Command::new("apt-get").args(["download", "wamerican"]).current_dir(&folder).output().ok()?;
    let package =
        fs::read_dir(&folder).ok()?.flatten().find(|entry| entry.path().extension().is_some_and(|e| e == "deb"))?;
    let unpack = Command::new("dpkg-deb").arg("-x").arg(package.path()).arg(&folder).output().ok()?;
    (download.status.success() && unpack.status.success() && list.exists()).then_some(list)
}

fn word_list() -> Vec<u8> {
    let installed = Path::new(INSTALLED).exists().then(|| PathBuf::from(INSTALLED));
    let bytes = installed.or_else(fetched).and_then(|path| fs::read(path).ok());
    bytes.expect("the word list is missing, and apt-get cannot fetch it: apt-get install wamerican")
}

fn read(bytes: Vec<u8>) -> Data {
    let Ok(Opened::Keys(mut reader)) = intake::open("words", bytes) else { panic!("a word list is a list of keys") };
    while !reader.step(10_000).unwrap() {}
    let (keys, report) = reader.finish().unwrap();
    assert_eq!((report.keys as usize, report.duplicates, report.too_long), (WORDS, 0, 0));
    keys
}

#[test]
fn every_word_is_found_in_order() {
    let bytes = word_list();
    let mut words: Vec<String> = String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_string).collect();
    words.sort();
    let keys = read(bytes);
    for settings in ["", "set page_size 512\nset frames 16\nset device ram", "set order 8\nset page_size 1024"] {
        let mut session = Session::new(settings);
        session.append_with_data("import", keys.clone()).unwrap();
        session.append_with_data("get-each", keys.clone()).unwrap();
        session.append(&format!("expect found = {WORDS}\nexpect missing = 0\nexpect valid\nverify")).unwrap();
        while session.step(10_000) != Progress::Idle {}
        assert_eq!(session.expectations(), (3, 0), "{settings}");
        let state = session.state();
        let mut leaves: Vec<Vec<u8>> = Vec::with_capacity(WORDS);
        let mut page = state.pages.iter().find(|page| page.level() == Some(0) && prev_of(page) == 0);
        while let Some(leaf) = page {
            leaves.extend(leaf.cells().unwrap().iter().map(|(key, _)| key.to_vec()));
            let next = next_of(leaf);
            page = if next == 0 { None } else { state.pages.get(next as usize) };
        }
        assert!(leaves.iter().map(Vec::as_slice).eq(words.iter().map(String::as_bytes)), "{settings}");
    }
}

fn prev_of(page: &glassbase_core::trace::PageState) -> u32 {
    match page.body {
        glassbase_core::trace::PageBody::Leaf { prev, .. } => prev.0,
        _ => 0,
    }
}

fn next_of(page: &glassbase_core::trace::PageState) -> u32 {
    match page.body {
        glassbase_core::trace::PageBody::Leaf { next, .. } => next.0,
        _ => 0,
    }
}

#[test]
fn an_import_can_be_stopped_and_told_by_its_script() {
    let mut session = Session::new("");
    session.append_with_data("import", read(word_list())).unwrap();
    // Of a long command that begins only a few units are done at first.
    assert!(matches!(session.step(5_000), Progress::Working { done: 8, .. }));
    assert!(matches!(session.step(4_992), Progress::Working { done: 5_000, total: 104_334, .. }));
    session.stop();
    assert_eq!(session.step(1), Progress::Idle);
    assert_eq!(session.state().records, 5_000);
    assert_eq!(session.script().lines().count(), 5_001);
}

#[test]
fn a_million_random_keys() {
    let mut session = Session::new("set frames 4096\nrandom 1000000\nverify\nexpect valid\nexpect records = 1000000");
    let mut slices = 0;
    while session.step(50_000) != Progress::Idle {
        slices += 1;
    }
    assert!(slices >= 20, "it is done in slices");
    assert_eq!(session.expectations(), (2, 0));
    assert!(session.trace().len() < 30, "what is done in bulk is not recorded step by step");
}
