//! What an event says, whichever format it came in.

use glassbase_trace::sorted::SortedMap;

use super::cursor::shortened;
use super::fault::Faults;
use super::{Datum, Node, Wrong};
use crate::linearizable::Model;
use crate::{Call, FaultSpan, History, OpId, Outcome, Version};
use glassbase_trace::Bytes;
use glassbase_trace::bytes::{canonical_number, hex_bytes};

/// A history as it is read.
pub struct Events {
    history: History,
    faults: Faults,
    open: SortedMap<u32, OpId>,
    /// Whether values stand in pairs with their keys; not known before the first operation.
    in_pairs: Option<bool>,
    time_ns: u64,
}

impl Datum {
    fn name(&self) -> Option<&str> {
        match self {
            Datum::Text(text) | Datum::Word(text) => Some(text),
            _ => None,
        }
    }
}

/// The fields of an event.
struct Fields<'a> {
    at: usize,
    entries: &'a [(Node, Node)],
}

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|(key, _)| key.datum.name() == Some(name))?;
        Some(&entry.1).filter(|node| node.datum != Datum::Nothing)
    }

    fn needed(&self, name: &str, example: &str) -> Result<&'a Node, Wrong> {
        self.get(name).ok_or_else(|| {
            Wrong::new(self.at, format!("this event has no {name}"), format!("write one, as in {example}"))
        })
    }

    fn word(&self, name: &str, example: &str) -> Result<(&'a str, usize), Wrong> {
        let node = self.needed(name, example)?;
        match node.datum.name() {
            Some(word) => Ok((word, node.at)),
            None => Err(Wrong::new(node.at, format!("{name} is not a word"), format!("write one, as in {example}"))),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        self.get(name).map(|node| number(node, name)).transpose()
    }
}

fn number(node: &Node, name: &str) -> Result<u64, Wrong> {
    let value = match &node.datum {
        Datum::Number(text) => text.parse().ok(),
        _ => None,
    };
    value.ok_or_else(|| {
        Wrong::new(node.at, format!("{name} is not a whole number from 0"), format!("write it as {name} 12"))
    })
}

impl Events {
    /// With a map, values in EDN stand in pairs with keys; with a register they do not.
    pub fn new(model: Option<Model>) -> Events {
        let in_pairs = model.map(|model| model == Model::Map);
        let (history, faults, open) = (History::new(), Faults::default(), SortedMap::new());
        Events { history, faults, open, in_pairs, time_ns: 0 }
    }

    pub fn push(&mut self, node: &Node) -> Result<(), Wrong> {
        let Datum::Map(entries) = &node.datum else {
            let remedy =
                "write {\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}, or {:type :invoke, :process 0, :f :read}";
            return Err(Wrong::new(node.at, "this is no event", remedy));
        };
        let fields = Fields { at: node.at, entries };
        let (kind, at) = fields.word("type", ":type :invoke")?;
        if kind == "fault" {
            return self.fault(&fields);
        }
        if !["invoke", "ok", "fail", "info", "differs"].contains(&kind) {
            let what = format!("there is no type {}", shortened(kind));
            return Err(Wrong::new(at, what, "there are: invoke, ok, fail, info, differs, fault"));
        }
        self.time_ns = fields.number("time")?.unwrap_or(self.time_ns + 1);
        let process = fields.needed("process", ":process 0")?;
        if let Some(name) = process.datum.name() {
            return self.nemesis(&fields, name);
        }
        let client = u32::try_from(number(process, "process")?)
            .map_err(|_| Wrong::new(process.at, "this process has too great a number", "write one below 4294967296"))?;
        match kind {
            "invoke" => self.invoke(&fields, client),
            _ => self.complete(&fields, client, kind),
        }
    }

    /// The history, if it is one.
    pub fn finish(mut self, end: usize) -> Result<History, Wrong> {
        if self.history.operations.is_empty() {
            let remedy = "write events as {\"type\":\"invoke\",\"process\":0,\"f\":\"read\"} or {:type :invoke, ...}";
            return Err(Wrong::new(end, "there is no operation in it", remedy));
        }
        let mut faults = self.faults.finish();
        self.history.faults.append(&mut faults);
        Ok(self.history)
    }

    fn fault(&mut self, fields: &Fields) -> Result<(), Wrong> {
        let text = fields.word("text", "\"text\":\"partition\"")?.0.to_string();
        let begin_ns = fields.number("from")?.unwrap_or(0);
        self.history.faults.push(FaultSpan { begin_ns, end_ns: fields.number("to")?, text });
        Ok(())
    }

    fn nemesis(&mut self, fields: &Fields, process: &str) -> Result<(), Wrong> {
        let name = fields.get("f").and_then(|node| node.datum.name()).unwrap_or(process);
        let detail = fields.get("value").map(|node| shown(&node.datum)).unwrap_or_default();
        self.faults.push(self.time_ns, name, &shortened(&detail));
        Ok(())
    }

    fn invoke(&mut self, fields: &Fields, client: u32) -> Result<(), Wrong> {
        if let Some(open) = self.open.get(&client) {
            let what =
                format!("process {client} begins an operation, and its last one (operation {}) has no end", open.0);
            return Err(Wrong::new(fields.at, what, "write ok, fail or info of that one before this line"));
        }
        let (f, at) = fields.word("f", ":f :read")?;
        let in_pairs = *self.in_pairs.get_or_insert_with(|| is_pair(f, fields.get("value")));
        let (key, value) = parts(fields, in_pairs)?;
        let call = match f {
            "read" | "r" => Call::Read,
            "write" | "w" => Call::Write(needed_value(fields, value, "write")?),
            "delete" => Call::Delete,
            "cas" => {
                let Some(Node { datum: Datum::List(both), .. }) = value else {
                    return Err(wrong_pair(fields, in_pairs));
                };
                let [expected, new] = &both[..] else { return Err(wrong_pair(fields, in_pairs)) };
                let new = needed_value(fields, Some(new), "cas")?;
                Call::CompareAndSet { expected: bytes(expected)?, new }
            }
            other => {
                let what = format!("there is no operation {}", shortened(other));
                return Err(Wrong::new(at, what, "there are: read, write, cas, delete"));
            }
        };
        let id = self.history.invoke(self.time_ns, client, key, call);
        self.annotate(fields, id)?;
        self.open.insert(client, id);
        Ok(())
    }

    fn complete(&mut self, fields: &Fields, client: u32, kind: &str) -> Result<(), Wrong> {
        let Some(id) = self.open.remove(&client) else {
            let what = format!("process {client} ends an operation that it never began");
            return Err(Wrong::new(fields.at, what, "write its invoke before this line"));
        };
        let begun = self.history.operation(id);
        let outcome = match (kind, &begun.call) {
            ("fail", _) => Outcome::Failed,
            ("info", _) => Outcome::Unknown,
            ("differs", Call::CompareAndSet { .. }) => Outcome::Differs,
            ("differs", _) => return Err(Wrong::new(fields.at, "only a cas can differ", "write ok, fail or info")),
            (_, Call::Read) => self.found(fields, &begun.key)?,
            _ => Outcome::Done,
        };
        self.history.complete(self.time_ns, id, outcome);
        self.annotate(fields, id)
    }

    /// What a read found.
    fn found(&self, fields: &Fields, key: &Bytes) -> Result<Outcome, Wrong> {
        if let Some(values) = fields.get("values") {
            let Datum::List(items) = &values.datum else {
                return Err(Wrong::new(values.at, "values is no list", "write it as [1, 2]"));
            };
            let found: Result<Vec<Option<Bytes>>, Wrong> = items.iter().map(bytes).collect();
            return Ok(Outcome::Found(found?.into_iter().flatten().collect()));
        }
        let in_pairs = self.in_pairs == Some(true);
        let (found_key, value) = parts(fields, in_pairs)?;
        let says_key = fields.get("key").is_some() || in_pairs;
        if says_key && found_key != *key {
            let what = format!("the read was of {key}, and its answer is of {found_key}");
            return Err(Wrong::new(fields.at, what, "write the same key in both events"));
        }
        let value = value.map(bytes).transpose()?.flatten();
        Ok(Outcome::Found(value.into_iter().collect()))
    }

    fn annotate(&mut self, fields: &Fields, id: OpId) -> Result<(), Wrong> {
        let in_u32 = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        let replica = in_u32(fields.number("replica")?);
        let version = match fields.get("version") {
            Some(Node { datum: Datum::List(both), at }) => {
                let [number_part, node] = &both[..] else {
                    return Err(Wrong::new(
                        *at,
                        "a version is a number, or a number and a node",
                        "write it as [12, 0]",
                    ));
                };
                let node = in_u32(Some(number(node, "version")?)).unwrap_or(u32::MAX);
                Some(Version { number: number(number_part, "version")?, node })
            }
            Some(node) => Some(Version { number: number(node, "version")?, node: 0 }),
            None => None,
        };
        self.history.annotate(id, replica, version);
        if let Some(error) = fields.get("error") {
            self.history.operations[id.index()].note = shown(&error.datum);
        }
        Ok(())
    }
}

/// Whether the first operation of a history has its key in its value. A pair as the value of a compare-and-set is the
/// values expected and new, unless the second of them is a pair itself.
fn is_pair(f: &str, value: Option<&Node>) -> bool {
    match value.map(|node| &node.datum) {
        Some(Datum::List(both)) if f == "cas" => matches!(both.get(1), Some(Node { datum: Datum::List(_), .. })),
        Some(Datum::List(both)) => both.len() == 2,
        _ => false,
    }
}

/// Key and value of an event: apart in its fields, or together in its value.
fn parts<'a>(fields: &Fields<'a>, in_pairs: bool) -> Result<(Bytes, Option<&'a Node>), Wrong> {
    let value = fields.get("value");
    if let Some(key) = fields.get("key") {
        return Ok((key_of(key)?, value));
    }
    if !in_pairs {
        return Ok((Bytes::default(), value));
    }
    match value {
        Some(Node { datum: Datum::List(both), .. }) if both.len() == 2 => {
            let value = Some(&both[1]).filter(|node| node.datum != Datum::Nothing);
            Ok((key_of(&both[0])?, value))
        }
        other => {
            let at = other.map_or(fields.at, |node| node.at);
            Err(Wrong::new(
                at,
                "there is no key here",
                "write :value [key value], or a field key; a register has no keys",
            ))
        }
    }
}

fn key_of(node: &Node) -> Result<Bytes, Wrong> {
    let key = bytes(node)?.filter(|key| !key.is_empty());
    key.ok_or_else(|| Wrong::new(node.at, "this key is empty", "write a text or a number"))
}

fn needed_value(fields: &Fields, value: Option<&Node>, f: &str) -> Result<Bytes, Wrong> {
    let at = value.map_or(fields.at, |node| node.at);
    let value = value.map(bytes).transpose()?.flatten();
    value.ok_or_else(|| {
        Wrong::new(at, format!("this {f} writes nothing"), "give it a value; to remove one there is delete")
    })
}

fn wrong_pair(fields: &Fields, in_pairs: bool) -> Wrong {
    let at = fields.get("value").map_or(fields.at, |node| node.at);
    let remedy = if in_pairs { "write :value [key [expected new]]" } else { "write :value [expected new]" };
    Wrong::new(at, "a cas needs the value that it expects and the new one", remedy)
}

/// A key or value as bytes; nothing for nil.
fn bytes(node: &Node) -> Result<Option<Bytes>, Wrong> {
    let text = match &node.datum {
        Datum::Nothing => return Ok(None),
        Datum::Number(text) => match canonical_number(text) {
            Some(number) => return Ok(Some(Bytes::number(number))),
            None => text.clone(),
        },
        Datum::Map(entries) => match &entries[..] {
            [(name, Node { datum: Datum::Text(digits), at })] if name.datum.name() == Some("hex") => {
                let raw = hex_bytes(digits);
                let raw =
                    raw.ok_or_else(|| Wrong::new(*at, "these are no hex digits", "write them in pairs, as in ff01"))?;
                return Ok(Some(Bytes::from(&raw[..])));
            }
            _ => return Err(Wrong::new(node.at, "a map is no value of a register", "write a text or a number")),
        },
        Datum::List(_) => {
            let remedy = "write a text or a number; for pairs of key and value choose the model map";
            return Err(Wrong::new(node.at, "a list is no value of a register", remedy));
        }
        other => shown(other),
    };
    Ok(Some(Bytes::from(text.as_bytes())))
}

/// Data as a person reads it.
fn shown(datum: &Datum) -> String {
    let list = |items: &[Node]| items.iter().take(16).map(|item| shown(&item.datum)).collect::<Vec<String>>().join(" ");
    match datum {
        Datum::Nothing => "nil".to_string(),
        Datum::Truth(truth) => truth.to_string(),
        Datum::Number(text) | Datum::Text(text) | Datum::Word(text) => text.clone(),
        Datum::List(items) => format!("[{}]", list(items)),
        Datum::Map(entries) => {
            let pair = |(name, value): &(Node, Node)| format!("{} {}", shown(&name.datum), shown(&value.datum));
            format!("{{{}}}", entries.iter().take(16).map(pair).collect::<Vec<String>>().join(", "))
        }
    }
}
