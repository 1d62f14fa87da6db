//! Servers that go down, and come back.
//!
//! | killed | what becomes of its requests | what is gone |
//! |---|---|---|
//! | application server | they fail; queries that have begun go on | L1 |
//! | node of L2 | those in it are told so; later ones hear nothing | its entries, and the writes that it owes |
//! | database | queries fail | nothing that it said was written |

use super::app::App;
use super::task::{Reply, Stage, Task};
use super::{Place, TierError, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{BreakerState, Event, NodeId, TierFate, TierOperation, TierStatus};

impl Tiers {
    /// The place, if there is such a one.
    fn known(&self, place: Place) -> Result<usize, TierError> {
        let (kind, number, count) = match place {
            Place::App(number) => ("application server", number, self.options.apps),
            Place::Cache(number) => ("node of L2", number, self.options.caches),
            Place::Database => return Ok(0),
        };
        if (1..=count).contains(&number) {
            return Ok(usize::from(number) - 1);
        }
        Err(TierError::NoPlace { kind, number: number.into(), count: count.into() })
    }

    /// What a place is called.
    pub fn name(place: Place) -> String {
        match place {
            Place::App(number) => format!("application server {number}"),
            Place::Cache(number) => format!("L2 node {number}"),
            Place::Database => "the database".to_string(),
        }
    }

    pub fn is_up(&self, place: Place) -> Result<bool, TierError> {
        let at = self.known(place)?;
        Ok(match place {
            Place::App(_) => self.apps[at].is_up,
            Place::Cache(_) => self.nodes[at].status != TierStatus::Down,
            Place::Database => self.database.is_up,
        })
    }

    /// Takes the power from a server.
    pub fn kill(&mut self, cx: &mut Cx, place: Place) -> Result<(), TierError> {
        let at = self.known(place)?;
        if !self.is_up(place)? {
            return Err(TierError::IsDown { place: Tiers::name(place) });
        }
        self.tell(cx, Event::TierStatusChanged { at: self.id(place), status: TierStatus::Down });
        match place {
            Place::App(_) => self.kill_app(cx, at),
            Place::Cache(_) => self.kill_node(cx, at),
            Place::Database => self.kill_database(cx),
        }
        Ok(())
    }

    /// Cuts the link between two places, both ways. Whoever waits for an answer over it waits until a time-out.
    pub fn cut(&mut self, one: Place, other: Place) -> Result<(), TierError> {
        self.known(one)?;
        self.known(other)?;
        let (one, other) = (self.id(one), self.id(other));
        self.network.cut(one, other);
        self.network.cut(other, one);
        Ok(())
    }

    /// All links are whole.
    pub fn heal(&mut self) {
        self.network.heal();
    }

    /// Links that are cut, in one direction each.
    pub fn cuts(&self) -> Vec<(NodeId, NodeId)> {
        self.network.cuts().collect()
    }

    fn ids(&self, is_it: impl Fn(&Task) -> bool) -> Vec<u64> {
        self.tasks.values().filter(|task| is_it(task)).map(|task| task.id).collect()
    }

    fn kill_app(&mut self, cx: &mut Cx, at: usize) {
        let app = &mut self.apps[at];
        app.is_up = false;
        app.store.clear();
        (app.flights, app.parked) = Default::default();
        let is_on_its_way = |task: &Task| matches!(task.stage, Stage::ToApp);
        let is_its = |task: &Task| {
            let is_its_work = task.client.is_client() || task.operation == TierOperation::Refresh;
            usize::from(task.app) == at && is_its_work && !is_on_its_way(task)
        };
        for id in self.ids(is_its) {
            let Some(mut task) = self.tasks.remove(&id) else { continue };
            if matches!(task.stage, Stage::AtCache(_)) || task.at_cache {
                // The node goes on with it, and nobody waits for its answer.
                let rest = Task { client: NodeId(0), load: 0, is_orphan: true, ..task.clone() };
                self.tasks.insert(id, rest);
            }
            task.leads = false;
            self.failed(cx, task, TierFate::Failed);
        }
    }

    fn kill_node(&mut self, cx: &mut Cx, at: usize) {
        let (mut parked, owed) = self.nodes[at].crash();
        let is_in_it = |task: &Task| {
            let is_here = matches!(task.stage, Stage::AtCache(_)) || task.at_cache;
            usize::from(task.node) == at && is_here && task.operation != TierOperation::Invalidate
        };
        parked.extend(self.ids(is_in_it));
        for id in parked {
            let Some(task) = self.tasks.remove(&id) else { continue };
            match task.operation {
                TierOperation::Flush if matches!(task.stage, Stage::ToDatabase) => {
                    self.over(cx, task, TierFate::Failed)
                }
                // The database has it; what comes of it will show.
                TierOperation::Flush => {
                    self.tasks.insert(id, task);
                }
                TierOperation::Fill | TierOperation::Warm => self.over(cx, task, TierFate::Failed),
                _ => self.reply(cx, task, Reply::Broken),
            }
        }
        let flushing = std::mem::take(&mut self.nodes[at].flushing);
        for (key, debt) in flushing.into_iter().chain(owed) {
            let is_with_database = |task: &Task| {
                let is_it = task.operation == TierOperation::Flush && task.key == key;
                is_it && task.version == Some(debt.version) && usize::from(task.node) == at
            };
            match self.ids(is_with_database).first() {
                Some(id) => drop(self.adrift.insert(*id, debt)),
                None => self.lose(cx, &key, &debt),
            }
        }
    }

    fn kill_database(&mut self, cx: &mut Cx) {
        let choice = self.random.next_u64();
        self.orphan_queries();
        for query in self.database.crash(choice) {
            if self.tasks.get(&query.request).is_some_and(|task| task.turn == query.turn)
                && let Some(task) = self.tasks.remove(&query.request)
            {
                self.answer_query(cx, task, None);
            }
        }
        self.tell(cx, Event::DatabaseLoad { busy: 0, queued: 0 });
    }

    /// Gives a server its power back. A node of L2 may warm itself first: it reads what is asked for most before it takes
    /// requests.
    pub fn restart(&mut self, cx: &mut Cx, place: Place, warm: bool) -> Result<(), TierError> {
        let at = self.known(place)?;
        if self.is_up(place)? {
            return Err(TierError::IsUp { place: Tiers::name(place) });
        }
        let id = self.id(place);
        let status = if warm && matches!(place, Place::Cache(_)) { TierStatus::Warming } else { TierStatus::Up };
        match place {
            Place::App(_) => {
                let before = self.apps[at].breaker.state();
                let (hits, misses) = (self.apps[at].hits, self.apps[at].misses);
                self.apps[at] = App { hits, misses, ..App::new(&self.options) };
                if before != BreakerState::Closed {
                    self.tell(cx, Event::BreakerTurned { at: id, state: BreakerState::Closed });
                }
            }
            Place::Cache(_) => {
                let node = &mut self.nodes[at];
                (node.status, node.free_ns) = (status, cx.now_ns());
                node.life += 1;
            }
            Place::Database => drop(self.database.recover()?),
        }
        self.tell(cx, Event::TierStatusChanged { at: id, status });
        if status == TierStatus::Warming {
            self.warm(cx, at as u16);
        }
        Ok(())
    }
}
