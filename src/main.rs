//! Two doors: the page (wasm32) and the command line (everywhere else).

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    glassbase_core::cli::main(std::env::args().skip(1))
}

#[cfg(target_arch = "wasm32")]
fn main() {
    glassbase_core::app::start();
}
