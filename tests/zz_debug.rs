use glassbase_core::lab::{Progress, Session};
use glassbase_core::view::Timeline;
#[test]
fn debug() {
    let script = std::fs::read_to_string("/tmp/ll/s.gb").unwrap();
    let mut session = Session::new(&script);
    while session.step(5000) != Progress::Idle {}
    let timeline = Timeline::new(session.trace().clone());
    let view = timeline.view_at(session.trace().len());
    let (a, b) = (format!("{:#?}", view.state), format!("{:#?}", session.state()));
    for (x, y) in a.lines().zip(b.lines()) {
        if x != y {
            println!("{x} | {y}");
        }
    }
    println!("{} {}", a.lines().count(), b.lines().count());
}
