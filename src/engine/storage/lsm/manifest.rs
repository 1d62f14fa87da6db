//! The manifest: which tables there are, as a sequence of edits; and the control file, which says where the manifest is.
//!
//! ```text
//!   CURRENT           3 │ 12                      the last valid record wins
//!   000012.manifest   whole │ edit │ edit │ …     the version is all edits, applied in turn
//! ```
//!
//! An edit is one record and is synced before the version it makes is used, so after a crash a version is there or not,
//! and never half there. When the manifest grows long it is begun anew: the new one is complete and durable before the
//! control file names it, and the old one is removed after that.

use super::record::{self, Reader};
use crate::StorageError;
use glassbase_sim::{Cx, Disk};
use glassbase_trace::parts::lsm::{Version, VersionEdit};
use glassbase_trace::plain;
use glassbase_trace::{FileId, FileNumber};

pub const CONTROL_NAME: &str = "CURRENT";
const EDIT: u8 = 3;
const CURRENT: u8 = 4;

/// What the file of a manifest is called.
pub fn manifest_name(number: FileNumber) -> String {
    format!("{:06}.manifest", number.0)
}

/// The manifest that is written.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub number: FileNumber,
    file: FileId,
    length: u64,
    /// Its length when it was begun.
    begun_length: u64,
    control: FileId,
    control_length: u64,
    buffer: Vec<u8>,
}

/// What a manifest says.
#[derive(Clone, Debug)]
pub struct Recovered {
    pub manifest: Manifest,
    pub version: Version,
    /// The last edit: its numbers hold.
    pub last: VersionEdit,
}

impl Manifest {
    /// The first manifest of a new tree, and the control file. `whole` makes the version out of nothing.
    pub fn create(
        cx: &mut Cx,
        disk: &mut Disk,
        number: FileNumber,
        whole: &VersionEdit,
    ) -> Result<Manifest, StorageError> {
        let (file, length) = write_whole(cx, disk, number, whole)?;
        let control = match disk.find_file(CONTROL_NAME) {
            // A tree that was not finished being created left it.
            Some(control) => {
                disk.truncate_file(cx, control, 0)?;
                control
            }
            None => disk.create_file(cx, CONTROL_NAME)?,
        };
        let (begun_length, control_length, buffer) = (length, 0, Vec::new());
        let mut manifest = Manifest { number, file, length, begun_length, control, control_length, buffer };
        manifest.point(cx, disk, number)?;
        Ok(manifest)
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the file is the manifest or the control file.
    pub fn is_file(&self, file: FileId) -> bool {
        file == self.file || file == self.control
    }

    /// How much longer it has become since it was begun.
    pub fn grown_bytes(&self) -> u64 {
        self.length - self.begun_length
    }

    /// Writes an edit, durable when this returns. On a full disk the manifest is as it was.
    pub fn append(&mut self, cx: &mut Cx, disk: &mut Disk, edit: &VersionEdit) -> Result<(), StorageError> {
        self.buffer.clear();
        push_edit(&mut self.buffer, edit, self.length);
        disk.append(cx, self.file, &self.buffer)?;
        self.length += self.buffer.len() as u64;
        Ok(disk.sync_file(cx, self.file)?)
    }

    /// Begins a new manifest that has everything in one edit. On a full disk the old one stays.
    pub fn renew(
        &mut self,
        cx: &mut Cx,
        disk: &mut Disk,
        number: FileNumber,
        whole: &VersionEdit,
    ) -> Result<(), StorageError> {
        let (file, length) = write_whole(cx, disk, number, whole)?;
        if let Err(error) = self.point(cx, disk, number) {
            let _ = disk.remove_file(cx, file);
            return Err(error);
        }
        let old = std::mem::replace(&mut self.file, file);
        (self.number, self.length, self.begun_length) = (number, length, length);
        Ok(disk.remove_file(cx, old)?)
    }

    /// Makes the control file name a manifest, durably.
    fn point(&mut self, cx: &mut Cx, disk: &mut Disk, number: FileNumber) -> Result<(), StorageError> {
        self.buffer.clear();
        let start = record::begin(&mut self.buffer);
        self.buffer.extend_from_slice(&number.0.to_le_bytes());
        record::end(&mut self.buffer, start, CURRENT, self.control_length);
        disk.append(cx, self.control, &self.buffer)?;
        self.control_length += self.buffer.len() as u64;
        Ok(disk.sync_file(cx, self.control)?)
    }

    /// Reads control file and manifest; none when no tree was ever finished being created here. Torn ends are cut off.
    pub fn open(cx: &mut Cx, disk: &mut Disk) -> Result<Option<Recovered>, StorageError> {
        let Some(control) = disk.find_file(CONTROL_NAME) else { return Ok(None) };
        let bytes = read_all(cx, disk, control)?;
        let Some((number, control_length)) = current(&bytes)? else { return Ok(None) };
        let name = manifest_name(number);
        let Some(file) = disk.find_file(&name) else {
            let what = format!("it names the manifest {name}, which is not there");
            return Err(StorageError::DamagedFile { name: CONTROL_NAME.into(), offset: 0, what });
        };
        let bytes = read_all(cx, disk, file)?;
        let (version, last, length) = read_edits(&name, &bytes)?;
        disk.truncate_file(cx, control, control_length)?;
        disk.truncate_file(cx, file, length)?;
        let (begun_length, buffer) = (0, Vec::new());
        let manifest = Manifest { number, file, length, begun_length, control, control_length, buffer };
        Ok(Some(Recovered { manifest, version, last }))
    }

    /// The version that stands on the disk, outside of virtual time.
    pub fn stored_version(&self, disk: &Disk) -> Result<Version, StorageError> {
        let name = manifest_name(self.number);
        let control = disk.peek_file(self.control).unwrap_or_default();
        if current(control)?.map(|(number, _)| number) != Some(self.number) {
            let what = "it does not name the manifest in use".to_string();
            return Err(StorageError::DamagedFile { name: CONTROL_NAME.into(), offset: 0, what });
        }
        let (version, ..) = read_edits(&name, disk.peek_file(self.file).unwrap_or_default())?;
        Ok(version)
    }
}

fn push_edit(out: &mut Vec<u8>, edit: &VersionEdit, durable: u64) {
    let start = record::begin(out);
    plain::Plain::encode(edit, out);
    record::end(out, start, EDIT, durable);
}

/// A new manifest file with one edit, durable.
fn write_whole(
    cx: &mut Cx,
    disk: &mut Disk,
    number: FileNumber,
    whole: &VersionEdit,
) -> Result<(FileId, u64), StorageError> {
    let mut bytes = Vec::new();
    push_edit(&mut bytes, whole, 0);
    let file = disk.create_file(cx, &manifest_name(number))?;
    let written = disk.append(cx, file, &bytes).and_then(|_| disk.sync_file(cx, file));
    if let Err(error) = written {
        let _ = disk.remove_file(cx, file);
        return Err(error.into());
    }
    Ok((file, bytes.len() as u64))
}

fn read_all(cx: &mut Cx, disk: &mut Disk, file: FileId) -> Result<Vec<u8>, StorageError> {
    let length = disk.file_len(file).unwrap_or_default();
    Ok(disk.read_file(cx, file, 0, length as usize)?)
}

/// The manifest that the control file names, and how long the file is without a torn end.
fn current(bytes: &[u8]) -> Result<Option<(FileNumber, u64)>, StorageError> {
    let damaged =
        |offset, what: &str| StorageError::DamagedFile { name: CONTROL_NAME.into(), offset, what: what.into() };
    let mut reader = Reader::new(bytes);
    let mut number = None;
    while let Some(record) = reader.next().map_err(|damage| damaged(damage.offset, damage.what))? {
        match <[u8; 8]>::try_from(record.payload) {
            Ok(payload) if record.kind == CURRENT => number = Some(FileNumber(u64::from_le_bytes(payload))),
            _ => return Err(damaged(record.offset, "a record does not name a manifest")),
        }
    }
    Ok(number.map(|number| (number, reader.offset())))
}

fn read_edits(name: &str, bytes: &[u8]) -> Result<(Version, VersionEdit, u64), StorageError> {
    let damaged = |offset, what: String| StorageError::DamagedFile { name: name.into(), offset, what };
    let mut reader = Reader::new(bytes);
    let mut version = Version::default();
    let mut last = None;
    while let Some(record) = reader.next().map_err(|damage| damaged(damage.offset, damage.what.into()))? {
        let edit = plain::from_bytes::<VersionEdit>(record.payload).filter(|_| record.kind == EDIT);
        let Some(edit) = edit else { return Err(damaged(record.offset, "a record is no edit of a version".into())) };
        version = version.apply(&edit).map_err(|what| damaged(record.offset, what))?;
        last = Some(edit);
    }
    // The control file names a manifest only once its first edit is durable.
    let last = last.ok_or_else(|| damaged(0, "its first edit is missing".into()))?;
    Ok((version, last, reader.offset()))
}
