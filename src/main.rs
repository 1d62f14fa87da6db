//! Two doors: the page (wasm32) and the command line (everywhere else).
//!
//! `main` draws nothing yet: the same program serves elements in other people's pages, so its JavaScript says what it wants
//! (see `src/app/handle.rs`).

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    glassbase_core::cli::main(std::env::args().skip(1))
}

#[cfg(target_arch = "wasm32")]
fn main() {
    glassbase_core::app::start();
}
