use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::*;
use crate::lsm::batch::WriteBatch;
use crate::lsm::key::{Kind, MAX_SEQUENCE};
use glassbase_sim::Generator;

type Model = BTreeMap<(Vec<u8>, Reverse<Sequence>), Vec<u8>>;

/// Inserts as writes come from a log.
fn insert(memtable: &mut Memtable, sequence: Sequence, kind: Kind, key: &[u8], value: &[u8]) {
    let mut batch = WriteBatch::new();
    batch.push(Write { kind, key, value });
    let taken = (memtable.take(batch.iter().bytes()), Write { kind, key, value });
    let located = memtable.locate(&[taken]);
    memtable.insert(sequence, taken, &located, 0);
}

/// Every slot of a lane stands for the first entry of its block, in order, and blocks are half full at least, but for
/// those at the right edge.
fn assert_sound(memtable: &Memtable) {
    for (level, blocks) in memtable.levels.iter().enumerate() {
        let (mut at, mut order) = (0, Vec::new());
        while at != NONE {
            let block = &blocks[at as usize];
            order.push(at);
            assert!(block.slots[block.count as usize..].iter().all(|slot| slot.head == u64::MAX));
            assert!(at == memtable.edge[level] || block.count as usize >= SLOTS / 2, "{} slots", block.count);
            assert!(block.next == NONE || blocks[block.next as usize].previous == at);
            at = block.next;
        }
        assert_eq!(order.len(), blocks.len());
        assert_eq!(order.last(), Some(&memtable.edge[level]));
        let Some(lane) = memtable.levels.get(level + 1) else {
            assert_eq!(order.len(), 1);
            continue;
        };
        let slots = lane_slots(lane);
        assert!(slots.iter().map(|slot| slot.to).eq(order));
        for slot in &slots[1..] {
            assert_eq!(slot.at, memtable.first_slot_below(level + 1, slot).at);
        }
    }
    let keys: Vec<KeyRef> = memtable.iter().map(|entry| entry.key).collect();
    assert_eq!(keys.windows(2).find(|pair| pair[0] >= pair[1]), None);
}

fn lane_slots(lane: &[Block]) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut at = 0;
    while at != NONE {
        let block = &lane[at as usize];
        slots.extend_from_slice(&block.slots[..block.count as usize]);
        at = block.next;
    }
    slots
}

fn filled(seed: u64, count: u64) -> (Memtable, Model) {
    let mut generator = Generator::new(seed, "memtable");
    let mut memtable = Memtable::default();
    let mut model = Model::new();
    for sequence in 1..=count {
        let length = generator.below(12) as usize;
        let key: Vec<u8> = (0..length).map(|_| [0, b'a', b'b', 255][generator.below(4) as usize]).collect();
        let kind = if generator.chance(0.2) { Kind::Delete } else { Kind::Put };
        let value = if kind == Kind::Put { sequence.to_be_bytes().to_vec() } else { vec![] };
        insert(&mut memtable, sequence, kind, &key, &value);
        model.insert((key, Reverse(sequence)), value);
    }
    (memtable, model)
}

#[test]
fn holds_what_an_ordered_map_holds_in_both_directions() {
    for seed in 0..40 {
        let (memtable, model) = filled(seed, seed * seed * 5);
        let owned =
            |entry: Entry| ((entry.key.user.to_vec(), Reverse(entry.key.stamp.sequence())), entry.value.to_vec());
        assert!(memtable.iter().map(owned).eq(model.iter().map(|(key, value)| (key.clone(), value.clone()))));
        let mut at = memtable.last();
        for (key, value) in model.iter().rev() {
            assert_eq!(owned(memtable.entry(at)), (key.clone(), value.clone()));
            at = memtable.previous(at);
        }
        assert_eq!(at, Place::NOWHERE);
        assert_eq!(memtable.len(), model.len());
        assert_sound(&memtable);
    }
}

#[test]
fn a_snapshot_sees_the_newest_entry_that_is_not_newer() {
    let (memtable, model) = filled(3, 3000);
    for (key, _) in model.keys() {
        for snapshot in (0..=3000).step_by(99).chain([MAX_SEQUENCE]) {
            let expected = model.range((key.clone(), Reverse(snapshot))..).next().filter(|((k, _), _)| k == key);
            let found = memtable.find_newest(KeyRef::seek(key, snapshot)).map(|at| memtable.entry(at));
            let found = found.map(|entry| (entry.key.stamp.sequence(), entry.value));
            assert_eq!(found, expected.map(|((_, sequence), value)| (sequence.0, &value[..])));
        }
    }
}

#[test]
fn ascending_keys_and_random_ones_give_the_same_list() {
    let keys: Vec<u64> = (0..2000).collect();
    let mut shuffled = keys.clone();
    Generator::new(1, "order").shuffle(&mut shuffled);
    let list = |keys: &[u64]| {
        let mut memtable = Memtable::default();
        for (key, sequence) in keys.iter().zip(1..) {
            insert(&mut memtable, sequence, Kind::Put, &key.to_be_bytes(), &[]);
        }
        memtable.iter().map(|entry| entry.key.user.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(list(&keys), list(&shuffled));
}

#[test]
fn writes_that_are_located_together_come_where_single_ones_do() {
    let mut generator = Generator::new(5, "keys");
    let (mut together, mut single) = (Memtable::default(), Memtable::default());
    let mut sequence = 1;
    while sequence < 3000 {
        let count = 1 + generator.below(GROUP as u64);
        let numbers: Vec<[u8; 8]> = (0..count).map(|_| generator.below(900).to_be_bytes()).collect();
        let mut batch = WriteBatch::new();
        numbers.iter().for_each(|key| batch.put(key, b"value"));
        let mut at = together.take_all(batch.iter().bytes()).unwrap();
        let mut taken = Vec::new();
        for write in batch.iter() {
            taken.push((at, write));
            at += (1 + 1 + 8 + 1 + 5) as u32;
        }
        let located = together.locate(&taken);
        for (number, taken) in taken.iter().enumerate() {
            together.insert(sequence, *taken, &located, number);
            insert(&mut single, sequence, Kind::Put, taken.1.key, taken.1.value);
            sequence += 1;
        }
    }
    assert!(together.iter().eq(single.iter()));
    assert_sound(&together);
}

#[test]
fn lanes_lead_to_blocks_that_are_half_full_at_least() {
    for (count, ascending) in [(200_000, false), (20_000, true)] {
        let mut memtable = Memtable::default();
        let mut generator = Generator::new(1, "keys");
        for sequence in 1..=count {
            let key = if ascending { sequence } else { generator.next_u64() };
            insert(&mut memtable, sequence, Kind::Put, &key.to_be_bytes(), &[]);
        }
        assert_sound(&memtable);
        let fill = count as f64 / (memtable.levels[0].len() * SLOTS) as f64;
        assert!(if ascending { fill > 0.99 } else { (0.65..0.75).contains(&fill) }, "blocks are {fill} full");
        assert!(memtable.levels.len() <= 5);
    }
}
