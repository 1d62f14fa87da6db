//! The footer: the last bytes of a table, of fixed length, which lead to everything else.
//!
//! ```text
//!   filter │ tombstones │ properties │ index      offset u64, length u32 each; length 0: there is none
//!   version u32 │ checksum u32 │ magic 8 B        the checksum covers file number, offset of the footer, and what
//!                                                 stands before it
//! ```

use super::{BlockHandle, Damage, TRAILER_BYTES, block_checksum};
use glassbase_trace::FileNumber;

pub const FOOTER_BYTES: usize = 64;
const MAGIC: [u8; 8] = *b"glasssst";
const VERSION: u32 = 1;
/// Stands in place of a block's kind in the footer's checksum.
const FOOTER_KIND: u8 = 0;
const HANDLE_BYTES: usize = 12;
const CHECKED_BYTES: usize = 4 * HANDLE_BYTES + 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footer {
    pub filter: BlockHandle,
    pub tombstones: BlockHandle,
    pub properties: BlockHandle,
    pub index: BlockHandle,
}

impl Footer {
    fn handles(&self) -> [BlockHandle; 4] {
        [self.filter, self.tombstones, self.properties, self.index]
    }

    /// The footer of table `number`, to stand at `offset`.
    pub fn write(&self, out: &mut Vec<u8>, number: FileNumber, offset: u64) {
        let start = out.len();
        for handle in self.handles() {
            out.extend_from_slice(&handle.offset.to_le_bytes());
            out.extend_from_slice(&handle.length.to_le_bytes());
        }
        out.extend_from_slice(&VERSION.to_le_bytes());
        let checksum = block_checksum(&out[start..], FOOTER_KIND, number, offset);
        out.extend_from_slice(&checksum.to_le_bytes());
        out.extend_from_slice(&MAGIC);
        debug_assert_eq!(out.len() - start, FOOTER_BYTES);
    }

    pub fn read(bytes: &[u8], number: FileNumber, offset: u64) -> Result<Footer, Damage> {
        let Some((checked, rest)) = bytes.split_at_checked(CHECKED_BYTES) else { return Err("the footer is cut off") };
        let Some((checksum, magic)) = rest.split_first_chunk::<4>() else { return Err("the footer is cut off") };
        if magic != MAGIC {
            return Err("it does not end as a table does");
        }
        if u32::from_le_bytes(*checksum) != block_checksum(checked, FOOTER_KIND, number, offset) {
            return Err("the footer fails its checksum");
        }
        let (handles, version) = checked.split_at(4 * HANDLE_BYTES);
        if version != VERSION.to_le_bytes() {
            return Err("the table is of a version that this program does not know");
        }
        let mut read = handles.chunks_exact(HANDLE_BYTES).map(handle);
        let mut next = || read.next().unwrap_or_default();
        let footer = Footer { filter: next(), tombstones: next(), properties: next(), index: next() };
        if footer.is_sound(offset) { Ok(footer) } else { Err("the footer leads to places where no block can be") }
    }

    /// The blocks of the tail follow each other without a gap up to the footer.
    fn is_sound(&self, footer_offset: u64) -> bool {
        let mut at = self.tail_start();
        for handle in self.handles().into_iter().filter(|handle| handle.length > 0) {
            let past = handle.offset.checked_add(u64::from(handle.length) + TRAILER_BYTES as u64);
            match past {
                Some(past) if handle.offset == at => at = past,
                _ => return false,
            }
        }
        self.properties.length > 0 && at == footer_offset
    }

    /// Where the data blocks end.
    pub fn tail_start(&self) -> u64 {
        let present = self.handles().into_iter().find(|handle| handle.length > 0);
        present.map_or(0, |first| first.offset)
    }
}

fn handle(bytes: &[u8]) -> BlockHandle {
    let (mut offset, mut length) = ([0; 8], [0; 4]);
    offset.copy_from_slice(&bytes[..8]);
    length.copy_from_slice(&bytes[8..HANDLE_BYTES]);
    BlockHandle { offset: u64::from_le_bytes(offset), length: u32::from_le_bytes(length) }
}
