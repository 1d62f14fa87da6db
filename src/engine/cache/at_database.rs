//! Queries: on their way to the database, in its queue, at work, and back.
//!
//! **Invariant:** a query that has begun goes on to its end, whether anybody still waits for it or not.

use super::database::{Admission, Change, Query, Row};
use super::task::{Stage, Task};
use super::world::Happening;
use super::{Place, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{Event, NodeId, TierFate, TierOperation, TierWait};

impl Tiers {
    /// An application server asks the database, unless it has enough under way.
    pub(super) fn query(&mut self, cx: &mut Cx, mut task: Task) {
        let (at, limit) = (self.app_id(task.app), self.options.shed);
        let app = &mut self.apps[usize::from(task.app)];
        if limit > 0 && app.queries >= limit {
            self.note(cx, at, "shed", || {
                format!("{limit} queries are under way: the request for {} is turned away.", task.key)
            });
            return self.fail(cx, task, TierFate::Failed);
        }
        app.queries += 1;
        task.queries = true;
        let to = self.id(Place::Database);
        self.go(cx, task, at, to, Stage::ToDatabase);
    }

    /// A node of L2 asks the database, on behalf of a request.
    pub(super) fn query_from_cache(&mut self, cx: &mut Cx, mut task: Task) {
        task.at_cache = true;
        task.life = self.nodes[usize::from(task.node)].life;
        let (from, to) = (self.node_id(task.node), self.id(Place::Database));
        self.go(cx, task, from, to, Stage::ToDatabase);
    }

    /// Where the answer to a task's query goes.
    fn asker(&self, task: &Task) -> NodeId {
        if task.at_cache { self.node_id(task.node) } else { self.app_id(task.app) }
    }

    pub(super) fn reaches_database(&mut self, cx: &mut Cx, mut task: Task) {
        let admission = self.database.admit(&self.options);
        if !self.database.is_up || admission == Admission::Refused {
            let text = if self.database.is_up { "The queue is full." } else { "The database is down." };
            self.tell(cx, Event::DatabaseRefused { request: task.id, text: text.into() });
            return self.answer_query(cx, task, None);
        }
        let writes = matches!(task.operation, TierOperation::Put | TierOperation::Delete | TierOperation::Flush);
        let is_flush = task.operation == TierOperation::Flush;
        let change = writes.then(|| Change { value: task.value.clone(), version: task.version.filter(|_| is_flush) });
        task.turn += 1;
        let query = Query { request: task.id, turn: task.turn, key: task.key.clone(), change, row: Row::default() };
        if admission == Admission::Begins {
            task.stage = Stage::Served;
            self.tasks.insert(task.id, task);
            return self.begin_query(cx, query);
        }
        self.database.waiting.push_back(query);
        let (busy, queued) = (self.database.busy(), self.database.queued());
        self.tell(cx, Event::DatabaseLoad { busy, queued });
        self.tell(cx, Event::TierWaits { request: task.id, wait: TierWait::Connection });
        let late_ns = cx.now_ns().saturating_add(self.options.database_timeout_ns);
        task.stage = Stage::Queued;
        self.queue.push(late_ns, Happening::Due { task: task.id, turn: task.turn });
        self.tasks.insert(task.id, task);
    }

    fn begin_query(&mut self, cx: &mut Cx, query: Query) {
        let (request, turn, writes) = (query.request, query.turn, query.change.is_some());
        if let Some(task) = self.tasks.get_mut(&request).filter(|task| task.turn == turn) {
            // Its time-out is over, and it is still the one that the query is for.
            task.stage = Stage::Served;
        }
        if self.options.remote {
            return self.hand_out(cx, query);
        }
        match self.database.begin(&self.options, query) {
            Ok((number, work_ns)) => {
                let (busy, queued) = (self.database.busy(), self.database.queued());
                self.tell(cx, Event::DatabaseBegan { request, writes, busy, queued });
                self.queue.push(cx.now_ns().saturating_add(work_ns), Happening::Served { query: number });
            }
            Err(error) => {
                self.tell(cx, Event::DatabaseRefused { request, text: error.to_string().into() });
                if let Some(task) = self.tasks.remove(&request) {
                    self.answer_query(cx, task, None);
                }
            }
        }
    }

    /// It waited too long for a connection.
    pub(super) fn waited_too_long(&mut self, cx: &mut Cx, task: Task) {
        // Whoever gives up has waited longest: its query is among the first.
        let is_its = |query: &Query| query.request == task.id && query.turn == task.turn;
        if let Some(at) = self.database.waiting.iter().position(is_its) {
            self.database.waiting.remove(at);
        }
        self.tell(cx, Event::DatabaseRefused { request: task.id, text: "It waited too long for a connection.".into() });
        let (busy, queued) = (self.database.busy(), self.database.queued());
        self.tell(cx, Event::DatabaseLoad { busy, queued });
        self.answer_query(cx, task, None);
    }

    /// The database is through with a query.
    pub(super) fn served(&mut self, cx: &mut Cx, number: u64) {
        let Some(query) = self.database.serving.remove(&number) else { return };
        let row = self.carry_out(cx, &query);
        self.query_over(cx, &query, row);
    }

    /// A connection is free again, and whoever asked has an answer.
    pub(super) fn query_over(&mut self, cx: &mut Cx, query: &Query, row: Option<Row>) {
        if let Some(next) = self.database.waiting.pop_front() {
            self.begin_query(cx, next);
        }
        let (busy, queued) = (self.database.busy(), self.database.queued());
        self.tell(cx, Event::DatabaseLoad { busy, queued });
        if self.tasks.get(&query.request).is_some_and(|task| task.turn == query.turn)
            && let Some(task) = self.tasks.remove(&query.request)
        {
            self.answer_query(cx, task, row);
        }
    }

    /// Does what a query is for; nothing if the store fails.
    fn carry_out(&mut self, cx: &mut Cx, query: &Query) -> Option<Row> {
        let Some(change) = &query.change else { return Some(query.row.clone()) };
        let is_new = change.version.is_none();
        let version = change.version.unwrap_or_else(|| self.new_version());
        let row = Row { version, value: change.value.clone() };
        if let Err(error) = self.database.write(&query.key, &row) {
            self.tell(cx, Event::DatabaseRefused { request: query.request, text: error.to_string().into() });
            return None;
        }
        self.bloom.add(&query.key);
        if is_new {
            self.written(cx, &query.key, version);
        }
        Some(row)
    }

    pub(super) fn answer_query(&mut self, cx: &mut Cx, task: Task, row: Option<Row>) {
        let (from, to) = (self.id(Place::Database), self.asker(&task));
        self.go(cx, task, from, to, Stage::FromDatabase(row));
    }

    /// The answer arrives at whoever asked.
    pub(super) fn database_said(&mut self, cx: &mut Cx, mut task: Task, row: Option<Row>) {
        match task.operation {
            TierOperation::Flush => return self.flushed(cx, task, row),
            TierOperation::Warm => return self.warmed(cx, task, row),
            _ => {}
        }
        if task.at_cache {
            return self.node_fetched(cx, task, row);
        }
        let app = &mut self.apps[usize::from(task.app)];
        if std::mem::take(&mut task.queries) {
            app.queries = app.queries.saturating_sub(1);
        }
        if !app.is_up {
            return self.over(cx, task, TierFate::Failed);
        }
        match (row, task.operation) {
            (None, TierOperation::Refresh) => {
                self.give_back(cx, &task);
                self.over(cx, task, TierFate::Failed);
            }
            (None, _) => self.fail(cx, task, TierFate::Failed),
            (Some(row), TierOperation::Get | TierOperation::Refresh) => self.fetched(cx, task, &row),
            (Some(row), _) => {
                task.version = Some(row.version);
                self.after_write(cx, task);
            }
        }
    }
}
