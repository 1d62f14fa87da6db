//! Messages between simulated nodes, natively: our clusters beside turmoil, which simulates networks for tests of programs
//! on tokio, and simulacra, an engine for the simulation of networks that does little else.
//! Prints one line of JSON for each figure; `make bench` runs it several times and gathers them.
//!
//! Alike: as many nodes, the same messages, each on its way for the same fixed time, a payload of eight bytes, recording off.
//! Not alike: a node of ours is a state machine, of theirs a task. Ours have disks, clocks and generators of their own, and
//! every message passes the rules of a network that could lose, double or delay it; so does turmoil's, which goes on by ticks.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use glassbase_engine::bench::{LATENCY_NS, Traffic, messages, stack_requests};
use simulacra::{NodeContext, NodeId, TaskSimBuilder, Topology};
use turmoil::net::UdpSocket;

const MESSAGES: u64 = 2_000_000;
/// It takes its time.
const TURMOIL_MESSAGES: u64 = 100_000;
/// Requests through the whole stack, with recording off and on.
const STACK_REQUESTS: u64 = 20_000;
const PORT: u16 = 1_000;
const PAIRED_NODES: u16 = 10;
const GROUP_NODES: u16 = 5;

async fn ping_pong(ctx: NodeContext<u64>, left: u64) {
    let me = ctx.id().as_u32();
    if me.is_multiple_of(2) {
        ctx.send(NodeId(me + 1), left).await;
    }
    loop {
        let message = ctx.recv().await;
        if message.payload > 1 {
            ctx.send(message.src, message.payload - 1).await;
        }
        if message.payload <= 2 {
            return;
        }
    }
}

async fn rounds(ctx: NodeContext<u64>, left: u64) {
    if ctx.id().as_u32() != 0 {
        loop {
            let message = ctx.recv().await;
            ctx.send(message.src, message.payload).await;
            if message.payload == 1 {
                return;
            }
        }
    }
    for round in (1..=left).rev() {
        for number in 1..u32::from(GROUP_NODES) {
            ctx.send(NodeId(number), round).await;
        }
        let mut answers = 1;
        while answers <= GROUP_NODES / 2 {
            answers += u16::from(ctx.recv().await.payload == round);
        }
    }
}

fn simulacra(traffic: Traffic) -> u64 {
    let nodes = if traffic == Traffic::PingPong { PAIRED_NODES } else { GROUP_NODES };
    let mut topology = Topology::new(usize::from(nodes));
    for from in 0..u32::from(nodes) {
        for to in (0..u32::from(nodes)).filter(|to| *to != from) {
            topology.add_link(NodeId(from), NodeId(to), simulacra::Duration::from_nanos(LATENCY_NS));
        }
    }
    let builder = TaskSimBuilder::<u64>::new(topology, 1);
    let stats = match traffic {
        Traffic::PingPong => builder.build(|ctx| ping_pong(ctx, MESSAGES / u64::from(PAIRED_NODES / 2))).run(),
        Traffic::Rounds => builder.build(|ctx| rounds(ctx, MESSAGES / (2 * u64::from(GROUP_NODES - 1)))).run(),
    };
    stats.messages_delivered
}

/// A datagram with a number; its sender.
async fn received(socket: &UdpSocket) -> turmoil::Result<(SocketAddr, u64)> {
    let mut bytes = [0; 8];
    let (_, from) = socket.recv_from(&mut bytes).await?;
    Ok((from, u64::from_le_bytes(bytes)))
}

async fn socket() -> turmoil::Result<UdpSocket> {
    Ok(UdpSocket::bind((IpAddr::from(Ipv4Addr::UNSPECIFIED), PORT)).await?)
}

/// Answers every number with the same, or with one less.
async fn answerer(less: u64) -> turmoil::Result {
    let socket = socket().await?;
    loop {
        let (from, number) = received(&socket).await?;
        socket.send_to(&number.saturating_sub(less).to_le_bytes(), from).await?;
    }
}

async fn turmoil_ping(partner: String, left: u64) -> turmoil::Result {
    let socket = socket().await?;
    let mut number = left;
    while number > 1 {
        socket.send_to(&number.to_le_bytes(), (partner.as_str(), PORT)).await?;
        number = received(&socket).await?.1.saturating_sub(1);
    }
    Ok(())
}

async fn turmoil_rounds(others: Vec<String>, left: u64) -> turmoil::Result {
    let socket = socket().await?;
    for round in (1..=left).rev() {
        for other in &others {
            socket.send_to(&round.to_le_bytes(), (other.as_str(), PORT)).await?;
        }
        let mut answers = 1;
        while answers <= GROUP_NODES / 2 {
            answers += u16::from(received(&socket).await?.1 == round);
        }
    }
    Ok(())
}

fn turmoil(traffic: Traffic) -> turmoil::Result<u64> {
    let latency = std::time::Duration::from_nanos(LATENCY_NS);
    let mut builder = turmoil::Builder::new();
    builder.tick_duration(latency).min_message_latency(latency).max_message_latency(latency).rng_seed(1);
    let mut sim = builder.simulation_duration(std::time::Duration::from_secs(86_400)).udp_capacity(1_000).build();
    match traffic {
        Traffic::PingPong => {
            for pair in 0..PAIRED_NODES / 2 {
                sim.host(format!("b{pair}"), || answerer(1));
                sim.client(
                    format!("a{pair}"),
                    turmoil_ping(format!("b{pair}"), TURMOIL_MESSAGES / u64::from(PAIRED_NODES / 2)),
                );
            }
        }
        Traffic::Rounds => {
            let others: Vec<String> = (1..GROUP_NODES).map(|number| format!("follower{number}")).collect();
            for other in &others {
                sim.host(other.as_str(), || answerer(0));
            }
            sim.client("leader", turmoil_rounds(others, TURMOIL_MESSAGES / (2 * u64::from(GROUP_NODES - 1))));
        }
    }
    sim.run()?;
    // Every client has come to its end, so it has had its answers.
    Ok(TURMOIL_MESSAGES)
}

fn timed(
    subject: &str,
    traffic: Traffic,
    count: u64,
    run: impl FnOnce() -> Result<u64, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let delivered = run()?;
    let rate = delivered as f64 / began.elapsed().as_secs_f64();
    // The last answers of a leader that is done may not be waited for.
    if delivered + 16 < count {
        return Err(format!("{subject} delivered {delivered} messages of {count}").into());
    }
    println!(r#"{{"subject":"{subject}","work":"{}","messages_per_second":{rate:.0}}}"#, traffic.word());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    for traffic in [Traffic::PingPong, Traffic::Rounds] {
        let nodes = if traffic == Traffic::PingPong { PAIRED_NODES } else { GROUP_NODES };
        timed("cluster", traffic, MESSAGES, || Ok(messages(traffic, nodes, MESSAGES)?))?;
        timed("simulacra", traffic, MESSAGES, || Ok(simulacra(traffic)))?;
        timed("turmoil", traffic, TURMOIL_MESSAGES, || turmoil(traffic).map_err(|error| error.to_string().into()))?;
    }
    for (work, records) in [("off", false), ("on", true)] {
        let began = Instant::now();
        let (served, _) = stack_requests(STACK_REQUESTS, records)?;
        let rate = served as f64 / began.elapsed().as_secs_f64();
        println!(r#"{{"subject":"stack","work":"{work}","messages_per_second":{rate:.0}}}"#);
    }
    Ok(())
}
