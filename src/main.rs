//! Two doors: the page (wasm32) and the command line (everywhere else).
fn main() {}
