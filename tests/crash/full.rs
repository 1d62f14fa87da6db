//! The disk is full at any operation: what fails has done nothing, and a transaction can always be aborted.

use glassbase_core::sim::{Cx, Fault};
use glassbase_core::storage::{CommitMode, TornPages};

use crate::client::Client;
use crate::harness::{Subject, Tried};
use crate::tree::{CASES, Case, Workload};

fn check(cx: &mut Cx, workload: &mut Workload, client: &Client) -> Result<(), String> {
    workload.verify(cx)?;
    // The disk may be full only now, when a page has to make room for one that is read.
    let found = workload.contents(cx).or_else(|_| workload.contents(cx))?;
    if found == workload.expected(client) {
        return Ok(());
    }
    Err("the contents are not what they should be".to_string())
}

/// Does a step in which the disk is full once, and goes on from there.
fn full_once(cx: &mut Cx, workload: &mut Workload, client: &mut Client, operation: u64) -> Result<(), String> {
    workload.disk().plan(operation, Fault::DiskFull);
    workload.step(cx, client);
    workload.abort_broken(cx, false)?;
    check(cx, workload, client)?;
    for _ in 0..3 {
        workload.step(cx, client);
    }
    workload.abort_broken(cx, true)?;
    check(cx, workload, client)?;
    workload.crash(cx, operation);
    if let Err(error) = workload.recover(cx) {
        // The disk is full only now. Recovery goes on where it stopped.
        assert!(error.contains("full"), "{error}");
        workload.recover(cx)?;
    }
    workload.verify(cx)?;
    client.allows(&workload.contents(cx)?)
}

#[test]
fn what_meets_a_full_disk_has_done_nothing() {
    let mut tried = Tried::default();
    for case in CASES {
        for seed in 0..Tried::effort() {
            let (mut cx, mut workload) = case.start(seed);
            let mut client = Client::new();
            for step in 0..400 {
                let before = (cx.clone(), workload.clone(), client.clone());
                let operations = workload.disk().operations();
                workload.step(&mut cx, &mut client);
                for operation in 0..workload.disk().operations() - operations {
                    let (mut cx, mut workload, mut client) = before.clone();
                    tried.points += 1;
                    if let Err(error) = full_once(&mut cx, &mut workload, &mut client, operation) {
                        tried.failures.push(format!("{}, step {step}.{operation}: {error}", case.name));
                    }
                }
            }
        }
    }
    tried.report("disk full", 1500);
}

#[test]
fn a_disk_with_little_room_refuses_cleanly_and_deleting_makes_room() {
    for disk_pages in [50, 70, 100] {
        for torn_pages in [TornPages::Images, TornPages::Doublewrite, TornPages::Nothing] {
            let name = "a disk with little room";
            let commit = CommitMode::Sync;
            let case = Case { name, page_size: 512, keys: 400, value_max: 700, commit, torn_pages, disk_pages };
            let (mut cx, mut workload) = case.start(u64::from(disk_pages));
            let mut client = Client::new();
            let mut refused = 0;
            for step in 0..1500 {
                workload.step(&mut cx, &mut client);
                let place = format!("{disk_pages} pages, {torn_pages:?}, step {step}");
                workload.abort_broken(&mut cx, false).expect(&place);
                check(&mut cx, &mut workload, &client).expect(&place);
                if step % 50 == 0 {
                    workload.abort_broken(&mut cx, true).expect(&place);
                    check(&mut cx, &mut workload, &client).expect(&place);
                    let full = workload.fill(&mut cx, &mut client);
                    refused += u32::from(full);
                    check(&mut cx, &mut workload, &client).expect(&place);
                    workload.empty(&mut cx, &mut client).expect(&place);
                    check(&mut cx, &mut workload, &client).expect(&place);
                }
            }
            assert!(refused > 20, "{disk_pages} pages, {torn_pages:?}: the disk was full {refused} times");
        }
    }
}
