//! A run in a link: the script, compressed, behind the `#` of an address.
//!
//! ```text
//!   #1.eNoryUzOzkvMS...&at=142&compare=split:middle
//!    │ └ base64url of zlib of the script       └ stands twice side by side, one setting differing
//!    └ version                     └ playhead
//!   #preset=uuid, #preset=lsm/uuid             the preset's own script: of the first lab, of another one
//! ```
//!
//! zlib ends in a checksum (Adler-32), so a link that was cut short or altered on its way is told from a whole one.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use thiserror::Error;

use super::words;
use crate::trace::base64;

/// Version that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;
/// Longest link that mail programs, chats and servers can be trusted with, in characters.
pub const MAX_LINK: usize = 16_000;
/// Longest script in a link, in bytes, so that a small link can't blow up.
const MAX_UNPACKED: usize = 4 << 20;
const BEST_COMPRESSION: u8 = 9;

/// What a link says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub script: String,
    /// Where the playhead stands: records of the trace.
    pub position: Option<usize>,
    /// The setting that differs on the right, and its value there.
    pub compare: Option<(String, String)>,
}

/// Why a link can't be read or written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    #[error("this link has no script: it should begin with \"{VERSION}.\" or \"preset=\"")]
    NotALink,
    #[error("this link has version {found}; this page reads up to {VERSION}: reload the page to get a newer one")]
    NewerVersion { found: u32 },
    #[error("this link was cut short on its way: copy it again, whole")]
    CutShort,
    #[error("this link was altered on its way: its checksum does not fit")]
    Altered,
    #[error("the script in this link is longer than {} MiB: ask for it as a file", MAX_UNPACKED >> 20)]
    TooLong,
    #[error("there is no preset \"{name}\"; {remedy}")]
    UnknownPreset { name: String, remedy: String },
    #[error("the script is too long for a link ({length} characters; {MAX_LINK} can be relied on): save it as a file")]
    DoesNotFit { length: usize },
}

impl Link {
    pub fn of_script(script: &str) -> Link {
        Link { script: script.to_string(), position: None, compare: None }
    }

    /// What stands behind the `#`. An error says that a file must do.
    pub fn encode(&self) -> Result<String, LinkError> {
        let packed = compress_to_vec_zlib(self.script.as_bytes(), BEST_COMPRESSION);
        let mut link = format!("{VERSION}.{}", base64::encode(&packed));
        if let Some(position) = self.position {
            link.push_str("&at=");
            link.push_str(&position.to_string());
        }
        if let Some((setting, value)) = &self.compare {
            link.push_str("&compare=");
            link.push_str(setting);
            link.push(':');
            link.push_str(value);
        }
        if link.len() > MAX_LINK || self.script.len() > MAX_UNPACKED {
            return Err(LinkError::DoesNotFit { length: link.len() });
        }
        Ok(link)
    }

    /// Reads what stands behind the `#`, with or without it. Parameters that are not known are passed over.
    pub fn decode(fragment: &str) -> Result<Link, LinkError> {
        let fragment = fragment.trim();
        let mut parts = fragment.strip_prefix('#').unwrap_or(fragment).split('&');
        let head = parts.next().unwrap_or_default();
        let mut link = match head.strip_prefix("preset=") {
            Some(name) => preset(name)?,
            None => Link::of_script(&unpack(head)?),
        };
        for part in parts {
            match part.split_once('=') {
                Some(("at", position)) => link.position = position.parse().ok(),
                Some(("compare", both)) => {
                    link.compare = both.split_once(':').map(|(name, value)| (name.to_string(), value.to_string()));
                }
                _ => {}
            }
        }
        Ok(link)
    }
}

fn preset(name: &str) -> Result<Link, LinkError> {
    let Some((_, preset)) = super::preset(name) else {
        let remedy = super::preset_suggestion(name);
        return Err(LinkError::UnknownPreset { name: words::shortened(name, 40), remedy });
    };
    let compare = preset.compare.map(|(setting, value)| (setting.to_string(), value.to_string()));
    Ok(Link { script: preset.script.to_string(), position: None, compare })
}

fn unpack(head: &str) -> Result<String, LinkError> {
    let (version, packed) = head.split_once('.').ok_or(LinkError::NotALink)?;
    match version.parse::<u32>() {
        Ok(found) if found > VERSION => return Err(LinkError::NewerVersion { found }),
        Ok(VERSION) => {}
        _ => return Err(LinkError::NotALink),
    }
    if packed.is_empty() {
        return Err(LinkError::CutShort);
    }
    // A length that base64 can't have comes from a cut; a character that it can't have, from a change.
    let letters = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if !packed.bytes().all(letters) {
        return Err(LinkError::Altered);
    }
    let bytes = base64::decode(packed).ok_or(LinkError::CutShort)?;
    let text = decompress_to_vec_zlib_with_limit(&bytes, MAX_UNPACKED).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => LinkError::TooLong,
        TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => LinkError::CutShort,
        _ => LinkError::Altered,
    })?;
    String::from_utf8(text).map_err(|_| LinkError::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Link {
        Link {
            script: "lab btree\nset order 4\ninsert 37\n# größe\n".repeat(5),
            position: Some(142),
            compare: Some(("split".to_string(), "middle".to_string())),
        }
    }

    #[test]
    fn a_link_comes_back_whole() {
        let encoded = sample().encode().unwrap();
        assert_eq!(Link::decode(&encoded), Ok(sample()));
        assert_eq!(Link::decode(&format!("#{encoded}&unknown=1")), Ok(sample()));
        assert_eq!(Link::decode(&Link::default().encode().unwrap()), Ok(Link::default()));
    }

    #[test]
    fn presets_have_links() {
        let link = Link::decode("#preset=textbook&at=3").unwrap();
        assert!(link.script.contains("lab btree") && link.position == Some(3));
        let error = Link::decode("preset=textbok").unwrap_err();
        assert!(error.to_string().contains("did you mean \"textbook\""), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_link_is_told() {
        let encoded = Link::of_script(&sample().script).encode().unwrap();
        assert_eq!(Link::decode("hello"), Err(LinkError::NotALink));
        assert_eq!(Link::decode(""), Err(LinkError::NotALink));
        assert_eq!(Link::decode(&encoded.replacen("1.", "9.", 1)), Err(LinkError::NewerVersion { found: 9 }));
        assert_eq!(Link::decode("1."), Err(LinkError::CutShort));
        for length in 3..encoded.len() {
            assert_eq!(Link::decode(&encoded[..length]), Err(LinkError::CutShort), "cut to {length}");
        }
        let middle = encoded.len() / 2;
        for letter in ["A", "b", "_", "!"] {
            let mut altered = encoded.clone();
            altered.replace_range(middle..=middle, letter);
            let read = Link::decode(&altered);
            assert!(altered == encoded || matches!(read, Err(LinkError::Altered | LinkError::CutShort)), "{read:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_told() {
        let bomb = compress_to_vec_zlib(&vec![b'#'; MAX_UNPACKED + 1], 9);
        assert_eq!(Link::decode(&format!("1.{}", base64::encode(&bomb))), Err(LinkError::TooLong));
        let script: String = (0..20_000u32).map(|n| format!("insert {}\n", n.wrapping_mul(2_654_435_761))).collect();
        assert!(matches!(Link::of_script(&script).encode(), Err(LinkError::DoesNotFit { .. })));
    }
}
