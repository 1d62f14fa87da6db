//! The map service: it has the map that counts, and carries changes of it out, one at a time.
//!
//! ```text
//!   change ─▶ plan ─▶ Begin to each source, a few at a time ─▶ Moved from all ─▶ the plan's map is the map
//! ```
//!
//! It stands for a small replicated service (a consensus group): what it has said it keeps, but it may be out of service,
//! when most of its members are. Then maps stay as they are and no more keys set out; nothing about whose keys are whose
//! rests on it, that is between the two shards. Messages to and from it get lost, so it repeats itself.

use std::rc::Rc;

use crate::error::ShardingError;
use crate::map::ClusterMap;
use crate::message::{Message, News, Plan};
use glassbase_trace::NodeId;

/// The service.
#[derive(Clone, Debug)]
pub struct MapService {
    news: Rc<News>,
    /// Pairs whose keys are moved now.
    active: Vec<(NodeId, NodeId)>,
    is_down: bool,
    /// Most of them at a time.
    pub parallel: usize,
}

impl MapService {
    pub fn new(map: ClusterMap, parallel: usize) -> MapService {
        let news = News { serial: 1, map: Rc::new(map), plan: None, done: Vec::new() };
        MapService { news: Rc::new(news), active: Vec::new(), is_down: false, parallel: parallel.max(1) }
    }

    pub fn is_down(&self) -> bool {
        self.is_down
    }

    /// Stops it, or starts it with what it knew; whether that is a change.
    pub fn set_down(&mut self, is_down: bool) -> bool {
        std::mem::replace(&mut self.is_down, is_down) != is_down
    }

    pub fn news(&self) -> &Rc<News> {
        &self.news
    }

    pub fn map(&self) -> &Rc<ClusterMap> {
        &self.news.map
    }

    /// Begins to change the map to `next`.
    pub fn change(&mut self, next: ClusterMap, text: String) -> Result<Rc<Plan>, ShardingError> {
        if self.is_down {
            return Err(ShardingError::NoMapService);
        }
        if self.news.plan.is_some() {
            return Err(ShardingError::Resharding);
        }
        let before = self.news.map.clone();
        let moves = before.moves_to(&next);
        let plan = Rc::new(Plan { before, next: Rc::new(next), moves, text });
        let news = Rc::make_mut(&mut self.news);
        news.serial += 1;
        (news.plan, news.done) = (Some(plan.clone()), Vec::new());
        self.begin_more();
        self.settle();
        Ok(plan)
    }

    /// What is to be told again and again until it is done.
    pub fn orders(&self) -> impl Iterator<Item = (NodeId, Message)> {
        let plan = self.news.plan.as_ref();
        self.active.iter().filter_map(move |(from, to)| Some((*from, Message::Begin { plan: plan?.clone(), to: *to })))
    }

    /// A source says that a pair is over; whether that was new.
    pub fn moved(&mut self, plan: u64, from: NodeId, to: NodeId) -> bool {
        let is_current = self.news.plan.as_ref().is_some_and(|known| known.id() == plan);
        if !is_current || self.news.done.contains(&(from, to)) {
            return false;
        }
        let news = Rc::make_mut(&mut self.news);
        news.serial += 1;
        news.done.push((from, to));
        self.active.retain(|pair| *pair != (from, to));
        self.begin_more();
        self.settle();
        true
    }

    fn begin_more(&mut self) {
        let Some(plan) = &self.news.plan else { return };
        for pair in &plan.moves {
            let is_new = !self.active.contains(pair) && !self.news.done.contains(pair);
            if is_new && self.active.len() < self.parallel {
                self.active.push(*pair);
            }
        }
    }

    /// When all pairs are over, the plan's map is the map.
    fn settle(&mut self) {
        let Some(plan) = self.news.plan.clone().filter(|plan| plan.moves.len() == self.news.done.len()) else { return };
        let news = Rc::make_mut(&mut self.news);
        news.serial += 1;
        news.map = plan.next.clone();
        (news.plan, news.done) = (None, Vec::new());
        debug_assert!(self.active.is_empty());
    }
}
