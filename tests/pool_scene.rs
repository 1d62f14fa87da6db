//! The pictures of the buffer pool lab and of the eviction lab, over the runs of its presets and golden scripts: nothing is wrong with any, on any
//! screen; what is in the pool stands in it once; and reading ahead, the optimum and the policies keep their promises.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use glassbase_core::lab::preset;
use glassbase_core::trace::{Event, PolicyKind};
use glassbase_core::view::camera::Size;
use glassbase_core::view::drawing::{Ask, Look, Marks};
use glassbase_core::view::{Guide, Selection, TimelineHandle, caption};

const ROOMS: [Size; 3] =
    [Size { width: 1060.0, height: 640.0 }, Size { width: 470.0, height: 640.0 }, Size { width: 300.0, height: 330.0 }];

/// Pool scripts, presets first.
fn runs() -> Vec<(String, &'static str)> {
    let floors = ["preset/pool/", "pool/", "preset/eviction/", "eviction/"];
    let of_pool = |name: &str| floors.iter().any(|floor| name.starts_with(floor));
    scripts::all().into_iter().filter(|(name, _)| of_pool(name)).collect()
}

#[test]
fn no_picture_has_anything_wrong_with_it() {
    for (name, text) in runs() {
        let is_cache = name.contains("eviction/");
        let draw = Guide::of(if is_cache { "eviction" } else { "pool" }).draw.unwrap();
        let session = scripts::run(text);
        let timeline = TimelineHandle::default().extended(session.trace().clone());
        let end = timeline.view_at(session.trace().len());
        // Large files are slow to draw with all checks on.
        let stride = if end.state.parts.replacement.as_ref().is_some_and(|known| known.pages > 5000) { 97 } else { 3 };
        for position in (1..session.trace().len()).step_by(stride) {
            let (before, after) = (timeline.view_at(position), timeline.view_at(position + 1));
            let record = session.trace().get(position);
            for room in ROOMS {
                let selected = Some(Selection::Listed { list: 255, index: 5 });
                let ask = Ask {
                    before: &before,
                    after: &after,
                    end: &end,
                    beside: None,
                    record,
                    room,
                    selected,
                    look: Look::default(),
                };
                let step = draw(&ask);
                for drawing in [&step.from, &step.to] {
                    assert_eq!(drawing.problems(), Vec::<String>::new(), "{name} at {position}");
                    assert!(drawing.shapes.len() < 1500, "{name} at {position}: {} shapes", drawing.shapes.len());
                    assert!(drawing.width <= room.width + 1.0, "{name} at {position}: {} wide", drawing.width);
                }
                // Each occupied frame is drawn once, as a box or as a cell.
                let boxes = |marked: Marks| {
                    step.to.shapes.iter().filter(move |shape| {
                        matches!(shape.target, Some(Selection::Frame(_))) && !shape.marks.has(marked)
                    })
                };
                if !is_cache && end.state.frames.max(after.state.frames).max(before.state.frames) <= 24 {
                    assert_eq!(boxes(Marks::EMPTY).count(), after.state.pool.len(), "{name} at {position}");
                    assert_eq!(boxes(Marks::NONE).count(), after.state.frames as usize, "{name} at {position}");
                }
            }
            if let Some(record) = record {
                let said = caption(&before, record);
                assert!(said.len() > 3 && !said.contains("policy-"), "{name} at {position}: {said}");
            }
        }
    }
}

#[test]
fn what_the_two_sides_of_a_preset_show_differs_as_it_says() {
    let hits = |name: &str, setting: Option<(&str, &str)>| {
        let (_, preset) = preset(name).unwrap();
        let mut lines: Vec<String> = preset.script.lines().map(str::to_string).collect();
        if let Some((setting, value)) = setting {
            lines.retain(|line| !line.starts_with(&format!("set {setting} ")));
            lines.insert(1, format!("set {setting} {value}"));
        }
        let session = scripts::run(&lines.join("\n"));
        assert_eq!(session.expectations().1, 0, "{name}: {setting:?} fails an expectation");
        let counters = session.state().counters;
        (counters.pool_hits, counters.pool_misses, session.trace().iter().last().unwrap().time_ns)
    };
    let presets = ["pool", "eviction"].map(|lab| (lab, glassbase_core::lab::lab(lab).unwrap().presets));
    for (lab, lab_preset) in presets.into_iter().flat_map(|(lab, presets)| presets.iter().map(move |one| (lab, one))) {
        let name = format!("{lab}/{}", lab_preset.name);
        let left = hits(&name, None);
        let Some(compare) = lab_preset.compare else { continue };
        let right = hits(&name, Some(compare));
        match lab_preset.name {
            "anomaly" => assert_eq!((left.1, right.1), (9, 10)),
            "dirty" => assert_eq!((left.0, left.1), (right.0, right.1)),
            "read-ahead" => assert!(right.2 * 3 < left.2 * 2, "{name}: {} ns and {} ns", left.2, right.2),
            _ => assert!(right.0 > left.0, "{name}: {left:?} and {right:?}"),
        }
    }
}

#[test]
fn an_evicted_page_is_the_one_that_was_said_to_leave() {
    for (name, text) in runs() {
        let session = scripts::run(text);
        let mut chosen = None;
        for record in session.trace().iter() {
            match &record.event {
                Event::PoolVictim { page, frame, .. } => chosen = Some((*page, *frame)),
                Event::PoolEvicted { page, frame } => assert_eq!(chosen.take(), Some((*page, *frame)), "{name}"),
                _ => {}
            }
        }
    }
    assert_eq!(PolicyKind::ALL.len(), 14);
}
