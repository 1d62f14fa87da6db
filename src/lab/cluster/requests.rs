//! What clients ask, as commands.

use super::machine::ClusterLab;
use super::settings::level;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::replication::{Call as Asked, Request, RequestId};
use crate::sim::Cx;
use crate::trace::Bytes;

/// Carries out a client's command; nothing if it is none.
pub fn act(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<Option<String>, Refusal> {
    let Some(asked) = asked(call) else { return Ok(None) };
    let arguments = &call.arguments;
    let key = arguments.key("key").cloned().unwrap_or_default();
    let consistency = arguments.word("level").map_or_else(Default::default, level);
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
        _ => return None,
    })
}
