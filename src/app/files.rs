//! Files from the person's machine: read in slices, so that the page goes on answering, and to be stopped at any time.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, Event, File};

/// Bytes of a slice.
const SLICE: u32 = 1 << 20;

/// News of a file that is read; progress in bytes.
pub enum Reading {
    Progress(u32),
    Done { name: String, bytes: Vec<u8> },
    Failed { name: String },
}

/// Stops the reading of a file when it is dropped.
pub struct Reader {
    stopped: Rc<Cell<bool>>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stopped.set(true);
    }
}

/// Starts to read `file`; `tell` hears of it until it is done or the reader is dropped.
pub fn read(file: File, tell: impl Fn(Reading) + 'static) -> Reader {
    let stopped = Rc::new(Cell::new(false));
    let watched = stopped.clone();
    spawn_local(async move {
        let name = file.name();
        let total = file.size() as u32;
        let mut bytes = Vec::with_capacity(total as usize);
        while bytes.len() < total as usize {
            let start = bytes.len() as u32;
            let part = slice(&file, start, start.saturating_add(SLICE).min(total)).await;
            match part {
                _ if watched.get() => return,
                Some(part) if part.length() > 0 => {
                    let from = bytes.len();
                    bytes.resize(from + part.length() as usize, 0);
                    part.copy_to(&mut bytes[from..]);
                }
                _ => return tell(Reading::Failed { name }),
            }
            tell(Reading::Progress(bytes.len() as u32));
        }
        tell(Reading::Done { name, bytes });
    });
    Reader { stopped }
}

async fn slice(file: &File, start: u32, end: u32) -> Option<js_sys::Uint8Array> {
    let part = file.slice_with_f64_and_f64(f64::from(start), f64::from(end)).ok()?;
    let buffer = JsFuture::from(part.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer))
}

/// The first file of a drop, if files were dropped.
pub fn dropped(event: &Event) -> Option<File> {
    event.dyn_ref::<DragEvent>()?.data_transfer()?.files()?.get(0)
}

/// Whether what is dragged over the page are files.
pub fn drags_files(event: &Event) -> bool {
    let transfer = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
    transfer.is_some_and(|transfer| transfer.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
}
