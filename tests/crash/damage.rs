//! Every byte of small files is changed, one at a time, by a bit, to 0 and to 255: what is read then is right, or an error
//! names the place.

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

/// What a byte is combined with so that one bit of it is another, or it is 0, or 255.
fn changes(byte: u8, bit: usize) -> Vec<u8> {
    let mut flips = vec![1 << (bit % 8), byte, !byte];
    flips.retain(|flips| *flips != 0);
    flips.sort_unstable();
    flips.dedup();
    flips
}

fn bits(flips: u8) -> impl Iterator<Item = u32> {
    (0..8).filter(move |bit| flips >> bit & 1 == 1)
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
                let bytes = workload.disk().peek_file(file).unwrap().to_vec();
                for (at, byte) in bytes.into_iter().enumerate() {
                    for flips in changes(byte, at * 5) {
                        let (mut cx, mut workload) = (cx.clone(), workload.clone());
                        for bit in bits(flips) {
                            workload.disk().flip_file_bit(&mut cx, file, at as u64 * 8 + u64::from(bit)).unwrap();
                        }
                        tried.points += 1;
                        if let Err(error) = judge(&mut cx, &mut workload, &client, std::slice::from_ref(&name)) {
                            tried.failures.push(format!("{torn_pages:?}, {name}, byte {at} ^ {flips:02x}: {error}"));
                        }
                    }
                }
            }
            for page in 0..workload.disk().page_count() {
                let bytes = workload.disk().peek_durable(PageId(page)).unwrap().to_vec();
                for (at, byte) in bytes.into_iter().enumerate() {
                    for flips in changes(byte, at * 3) {
                        let (mut cx, mut workload) = (cx.clone(), workload.clone());
                        for bit in bits(flips) {
                            workload.disk().flip_bit(&mut cx, PageId(page), at as u32 * 8 + bit).unwrap();
                        }
                        tried.points += 1;
                        if let Err(error) = judge(&mut cx, &mut workload, &client, &[format!("page {page} ")]) {
                            tried
                                .failures
                                .push(format!("{torn_pages:?}, page {page}, byte {at} ^ {flips:02x}: {error}"));
                        }
                    }
                }
            }
        }
    }
    tried.report("changed bytes", 10_000);
}
