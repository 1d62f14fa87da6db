//! Every byte of small files is changed, one at a time: what is read then is right, or an error names the place.

use glassbase_core::sim::Cx;
use glassbase_core::storage::{CommitMode, TornPages};
use glassbase_core::trace::PageId;

use crate::client::Client;
use crate::harness::{Subject, Tried};
use crate::tree::{Case, Workload};

fn case(page_size: u32, torn_pages: TornPages) -> Case {
    let commit = CommitMode::Sync;
    Case { name: "damage", page_size, keys: 20, value_max: 200, commit, torn_pages, disk_pages: 0 }
}

/// A database that lost its power in the middle of its work, with all that was acknowledged durable.
fn crashed(case: &Case, seed: u64) -> (Cx, Workload, Client) {
    let (mut cx, mut workload) = case.start(seed);
    let mut client = Client::new();
    for _ in 0..110 {
        workload.step(&mut cx, &mut client);
    }
    workload.crash(&mut cx, seed);
    (cx, workload, client)
}

/// Opens a database whose file was changed at `place`.
fn judge(cx: &mut Cx, workload: &mut Workload, client: &Client, place: &[String]) -> Result<(), String> {
    let found = workload.recover(cx).and_then(|()| workload.contents(cx));
    match found {
        Ok(found) => client.allows(&found).map_err(|error| format!("wrong data: {error}")),
        Err(error) if place.iter().any(|place| error.contains(place)) => Ok(()),
        Err(error) => Err(format!("an error that does not name the place: {error}")),
    }
}

#[test]
fn every_changed_byte_is_an_error_that_names_the_place_or_changes_nothing() {
    let mut tried = Tried::default();
    for (page_size, torn_pages) in [(256, TornPages::Images), (1024, TornPages::Doublewrite), (128, TornPages::Nothing)]
    {
        for seed in 0..Tried::effort() {
            let (cx, mut workload, client) = crashed(&case(page_size, torn_pages), seed);
            judge(&mut cx.clone(), &mut workload.clone(), &client, &[]).unwrap();
            let files: Vec<_> = workload.disk().files().map(|(file, name)| (file, name.to_string())).collect();
            for (file, name) in files {
                for byte in 0..workload.disk().file_len(file).unwrap() {
                    let (mut cx, mut workload) = (cx.clone(), workload.clone());
                    workload.disk().flip_file_bit(&mut cx, file, byte * 8 + (byte * 5) % 8).unwrap();
                    tried.points += 1;
                    if let Err(error) = judge(&mut cx, &mut workload, &client, std::slice::from_ref(&name)) {
                        tried.failures.push(format!("{torn_pages:?}, {name}, byte {byte}: {error}"));
                    }
                }
            }
            for page in 0..workload.disk().page_count() {
                for byte in 0..page_size {
                    let (mut cx, mut workload) = (cx.clone(), workload.clone());
                    workload.disk().flip_bit(&mut cx, PageId(page), byte * 8 + (byte * 3) % 8).unwrap();
                    tried.points += 1;
                    if let Err(error) = judge(&mut cx, &mut workload, &client, &[format!("page {page} ")]) {
                        tried.failures.push(format!("{torn_pages:?}, page {page}, byte {byte}: {error}"));
                    }
                }
            }
        }
    }
    tried.report("changed bytes", 10_000);
}
