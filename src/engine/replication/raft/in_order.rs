//! Changes of values, one after the other: what several leaders have to merge, a log does in its order.
//!
//! The values are kept as people read them, in the way in which merged ones are shown:
//!
//! ```text
//!   counter 20        set {bread, milk}        map {age = 30, name = Ann}        text: as it is
//! ```

use glassbase_trace::sorted::SortedMap;

use super::super::message::MergeCall;
use super::entry::{Reader, put_bytes};
use glassbase_storage::StorageError;
use glassbase_trace::Bytes;

/// Between the members of a set, and the fields of a map.
const BETWEEN: &str = ", ";
const IS: &str = " = ";

/// The value after a change; nothing if the value that is there is not of that kind, the change can't be written down, or
/// what is to be withdrawn is not there.
pub fn changed(old: Option<&Bytes>, call: &MergeCall) -> Option<Bytes> {
    let old = old.map(Bytes::to_string);
    let text = match call {
        MergeCall::Count(by) => {
            let count = old.map_or(Ok(0), |old| old.parse::<i64>()).ok()?;
            count.saturating_add(*by).to_string()
        }
        MergeCall::Withdraw(amount) => {
            let (count, amount) = (old?.parse::<i64>().ok()?, i64::try_from(*amount).ok()?);
            if count < amount {
                return None;
            }
            (count - amount).to_string()
        }
        MergeCall::AddMember(member) => listed(old, |members| drop(members.insert(member.to_string(), None)))?,
        MergeCall::RemoveMember(member) => listed(old, |members| drop(members.remove(&member.to_string())))?,
        MergeCall::SetField(field, value) => {
            listed(old, |fields| drop(fields.insert(field.to_string(), Some(value.to_string()))))?
        }
        MergeCall::RemoveField(field) => listed(old, |fields| drop(fields.remove(&field.to_string())))?,
        MergeCall::InsertText { at, text } => edited(old, *at, 0, text),
        MergeCall::DeleteText { at, count } => edited(old, *at, *count, ""),
    };
    Some(Bytes::typed(&text))
}

/// The members of a set (without values), or the fields of a map, changed.
fn listed(old: Option<String>, change: impl FnOnce(&mut SortedMap<String, Option<String>>)) -> Option<String> {
    let old = old.unwrap_or_else(|| "{}".to_string());
    let inside = old.strip_prefix('{').and_then(|old| old.strip_suffix('}'))?;
    let parts = inside.split(BETWEEN).filter(|part| !part.is_empty());
    let read = |part: &str| match part.split_once(IS) {
        Some((field, value)) => (field.to_string(), Some(value.to_string())),
        None => (part.to_string(), None),
    };
    let mut parts: SortedMap<String, Option<String>> = parts.map(read).collect();
    change(&mut parts);
    let count = parts.len();
    let written =
        parts.into_iter().map(|(part, value)| value.map_or(part.clone(), |value| format!("{part}{IS}{value}")));
    let text = written.collect::<Vec<_>>().join(BETWEEN);
    // A comma inside a member would make two of it.
    let read_back = text.split(BETWEEN).filter(|part| !part.is_empty()).count();
    (read_back == count).then(|| format!("{{{text}}}"))
}

/// The text with `count` characters less and `text` more, from the `at`-th on; what is behind its end is its end.
fn edited(old: Option<String>, at: u32, count: u32, text: &str) -> String {
    let letters: Vec<char> = old.unwrap_or_default().chars().collect();
    let at = (at as usize).min(letters.len());
    let end = at.saturating_add(count as usize).min(letters.len());
    letters[..at].iter().copied().chain(text.chars()).chain(letters[end..].iter().copied()).collect()
}

/// A change in an entry of the log.
pub fn encode(call: &MergeCall, bytes: &mut Vec<u8>) {
    match call {
        MergeCall::Count(by) => {
            bytes.push(0);
            bytes.extend(by.to_be_bytes());
        }
        MergeCall::AddMember(member) => {
            bytes.push(1);
            put_bytes(bytes, member);
        }
        MergeCall::RemoveMember(member) => {
            bytes.push(2);
            put_bytes(bytes, member);
        }
        MergeCall::SetField(field, value) => {
            bytes.push(3);
            put_bytes(bytes, field);
            put_bytes(bytes, value);
        }
        MergeCall::RemoveField(field) => {
            bytes.push(4);
            put_bytes(bytes, field);
        }
        MergeCall::InsertText { at, text } => {
            bytes.push(5);
            bytes.extend(u64::from(*at).to_be_bytes());
            put_bytes(bytes, text.as_bytes());
        }
        MergeCall::DeleteText { at, count } => {
            bytes.push(6);
            bytes.extend(u64::from(*at).to_be_bytes());
            bytes.extend(u64::from(*count).to_be_bytes());
        }
        MergeCall::Withdraw(amount) => {
            bytes.push(7);
            bytes.extend(amount.to_be_bytes());
        }
    }
}

/// Reads what [`encode`] wrote.
pub fn decode(reader: &mut Reader) -> Result<MergeCall, StorageError> {
    Ok(match reader.u8()? {
        0 => MergeCall::Count(reader.u64()? as i64),
        1 => MergeCall::AddMember(Bytes::from(reader.bytes()?)),
        2 => MergeCall::RemoveMember(Bytes::from(reader.bytes()?)),
        3 => MergeCall::SetField(Bytes::from(reader.bytes()?), Bytes::from(reader.bytes()?)),
        4 => MergeCall::RemoveField(Bytes::from(reader.bytes()?)),
        5 => {
            let at = reader.u64()? as u32;
            let text = std::str::from_utf8(reader.bytes()?);
            let text = text.map_err(|_| reader.damage("the text is not UTF-8"))?;
            MergeCall::InsertText { at, text: text.into() }
        }
        6 => MergeCall::DeleteText { at: reader.u64()? as u32, count: reader.u64()? as u32 },
        7 => MergeCall::Withdraw(reader.u64()?),
        kind => return Err(reader.damage(&format!("there is no change {kind}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(calls: &[MergeCall]) -> Option<String> {
        let mut value = None;
        for call in calls {
            let mut bytes = Vec::new();
            encode(call, &mut bytes);
            assert_eq!(decode(&mut Reader::new(&bytes, "change")), Ok(call.clone()));
            value = Some(changed(value.as_ref(), call)?);
        }
        Some(value.map(|value| value.to_string()).unwrap_or_default())
    }

    fn word(text: &str) -> Bytes {
        Bytes::typed(text)
    }

    #[test]
    fn changes_are_done_in_their_order() {
        let (milk, bread) = (word("milk"), word("bread"));
        assert_eq!(after(&[MergeCall::Count(20), MergeCall::Count(-80)]).unwrap(), "-60");
        let cart = [MergeCall::AddMember(milk.clone()), MergeCall::AddMember(bread.clone())];
        assert_eq!(after(&cart).unwrap(), "{bread, milk}");
        let cart = [&cart[..], &[MergeCall::RemoveMember(milk.clone()), MergeCall::AddMember(bread)]].concat();
        assert_eq!(after(&cart).unwrap(), "{bread}");
        let user = [
            MergeCall::SetField(word("name"), word("Ann")),
            MergeCall::SetField(word("age"), word("30")),
            MergeCall::RemoveField(word("name")),
        ];
        assert_eq!(after(&user).unwrap(), "{age = 30}");
        let note = [
            MergeCall::InsertText { at: 0, text: "cat".into() },
            MergeCall::InsertText { at: 9, text: "s".into() },
            MergeCall::DeleteText { at: 0, count: 1 },
        ];
        assert_eq!(after(&note).unwrap(), "ats");
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let milk = MergeCall::AddMember(word("milk"));
        assert_eq!(after(&[MergeCall::InsertText { at: 0, text: "x".into() }, MergeCall::Count(1)]), None);
        assert_eq!(after(&[MergeCall::Count(1), milk]), None);
        assert_eq!(after(&[MergeCall::Count(100), MergeCall::Withdraw(101)]), None);
        assert_eq!(after(&[MergeCall::Count(100), MergeCall::Withdraw(100)]).unwrap(), "0");
        assert_eq!(after(&[MergeCall::Withdraw(1)]), None);
        assert_eq!(after(&[MergeCall::AddMember(word("a, b"))]), None);
    }
}
