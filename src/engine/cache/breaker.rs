//! A circuit breaker: who has failed often is not asked for a while (Nygard, "Release It!", 2007).
//!
//! ```text
//!              failures in a row
//!   closed ─────────────────────────▶ open ◀──────────┐
//!     ▲                                │ time is over │ the probe fails
//!     │ the probe is answered          ▼              │
//!     └──────────────────────────── half-open ────────┘
//! ```
//!
//! **Invariant:** while it is half-open one request is let through, the probe, and no other.

use glassbase_trace::BreakerState;

/// What it says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Through,
    /// Through, and what comes of it decides.
    Probe,
    Barred,
}

/// A breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// Failures in a row that open it; 0: never.
    limit: u32,
    open_ns: u64,
    state: BreakerState,
    failures: u32,
    opened_ns: u64,
}

impl Breaker {
    pub fn new(limit: u32, open_ns: u64) -> Breaker {
        Breaker { limit, open_ns, state: BreakerState::Closed, failures: 0, opened_ns: 0 }
    }

    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// Whether a request may pass now.
    pub fn ask(&mut self, now_ns: u64) -> Passage {
        match self.state {
            BreakerState::Closed => Passage::Through,
            BreakerState::Open if now_ns >= self.opened_ns.saturating_add(self.open_ns) => {
                self.state = BreakerState::HalfOpen;
                Passage::Probe
            }
            // The probe is under way.
            BreakerState::Open | BreakerState::HalfOpen => Passage::Barred,
        }
    }

    /// A request was answered.
    pub fn succeeded(&mut self, was_probe: bool) {
        if self.state == BreakerState::Closed || was_probe {
            self.failures = 0;
            self.state = BreakerState::Closed;
        }
    }

    /// A request was not answered.
    pub fn failed(&mut self, was_probe: bool, now_ns: u64) {
        if self.limit == 0 {
            return;
        }
        match self.state {
            BreakerState::Closed => {
                self.failures += 1;
                if self.failures >= self.limit {
                    self.open(now_ns);
                }
            }
            BreakerState::HalfOpen if was_probe => self.open(now_ns),
            BreakerState::HalfOpen | BreakerState::Open => {}
        }
    }

    fn open(&mut self, now_ns: u64) {
        (self.state, self.opened_ns, self.failures) = (BreakerState::Open, now_ns, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done, what it says or where it stands afterwards: a script.
    #[test]
    fn the_states_of_a_breaker() {
        let mut breaker = Breaker::new(3, 1000);
        let mut said = String::new();
        let script = "ask ok fail fail ok fail fail fail ask wait ask ask late-ok fail-probe ask wait ask late-fail ok-probe \
                      fail fail ask";
        let mut now_ns = 0;
        for word in script.split_whitespace() {
            let answer = match word {
                "ask" => format!("{:?}", breaker.ask(now_ns)).to_ascii_lowercase(),
                "wait" => {
                    now_ns += 1000;
                    "1000 ns".to_string()
                }
                "ok" | "late-ok" => {
                    breaker.succeeded(false);
                    breaker.state().word().to_string()
                }
                "ok-probe" => {
                    breaker.succeeded(true);
                    breaker.state().word().to_string()
                }
                "fail" | "late-fail" => {
                    breaker.failed(false, now_ns);
                    breaker.state().word().to_string()
                }
                _ => {
                    breaker.failed(true, now_ns);
                    breaker.state().word().to_string()
                }
            };
            said.push_str(&format!("{word}: {answer}\n"));
        }
        assert_eq!(said, include_str!("tests/breaker.txt"));
    }
}
