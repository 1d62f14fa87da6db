//! What clients ask, as commands.

use super::machine::ClusterLab;
use super::settings::level;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::replication::{Call as Asked, MergeCall, Request, RequestId};
use crate::sim::Cx;
use crate::trace::Bytes;

/// Carries out a client's command; nothing if it is none.
pub fn act(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<Option<String>, Refusal> {
    let Some(asked) = asked(call) else { return Ok(None) };
    let arguments = &call.arguments;
    let key = arguments.key("key").cloned().unwrap_or_default();
    let age_ns = lab.settings.kind.staleness_ns(&lab.settings.values);
    let consistency = arguments.word("level").map_or_else(Default::default, |word| level(word, age_ns));
    let node = arguments.node("to").map(|node| lab.named(node)).transpose()?;
    let client = lab.client_of(call)?;
    lab.cluster.ask(cx, client, &key, asked.clone(), consistency, node)?;
    let request = Request { id: RequestId(0), key, call: asked, consistency, context: Bytes::default() };
    Ok(Some(lab.asked(client, &request.text())))
}

fn asked(call: &Call) -> Option<Asked> {
    let value = |name| Bytes::typed(call.arguments.text(name).unwrap_or_default());
    Some(match call.info.name {
        "put" => Asked::Put(value("value")),
        "get" => Asked::Get,
        "delete" => Asked::Delete,
        "cas" => {
            let expected = Some(value("old")).filter(|_| call.arguments.text("old") != Some("none"));
            Asked::CompareAndSet { expected, new: value("new") }
        }
        name => Asked::Merge(change(call, name)?.into()),
    })
}

/// A change of a value that merges.
fn change(call: &Call, name: &str) -> Option<MergeCall> {
    let number = |name| call.arguments.number(name).unwrap_or(1);
    let bytes = |name| Bytes::typed(call.arguments.text(name).unwrap_or_default());
    Some(match name {
        // Labs without such values may use the words for something else.
        _ if call.arguments.key("key").is_none() => return None,
        "increment" => MergeCall::Count(number("by") as i64),
        "decrement" => MergeCall::Count(-(number("by") as i64)),
        "withdraw" => MergeCall::Withdraw(number("amount")),
        "add" => MergeCall::AddMember(bytes("member")),
        "remove" => MergeCall::RemoveMember(bytes("member")),
        "set-field" => MergeCall::SetField(bytes("field"), bytes("value")),
        "unset" => MergeCall::RemoveField(bytes("field")),
        "insert" => MergeCall::InsertText {
            at: number("place") as u32,
            text: call.arguments.text("value").unwrap_or_default().into(),
        },
        "erase" => MergeCall::DeleteText { at: number("place") as u32, count: number("count") as u32 },
        _ => return None,
    })
}
