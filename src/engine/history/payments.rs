//! Money that is paid in and taken out: was more taken than was ever there?
//!
//! A withdrawal is done only if the account has as much. So at the moment at which a withdrawal is acknowledged, all that were
//! acknowledged so far, this one with them, have been covered by what was paid in before:
//!
//! ```text
//!   client 1   ├ pay 100 ┤      ├─ withdraw 80: done ─┤
//!   client 2                  ├─ withdraw 80: done ─┤         160 of 100: no order of these explains both answers
//! ```
//!
//! **Invariant:** a verdict is sure. A payment that may have been done counts as done, from its beginning on; a withdrawal counts
//! from its acknowledgement on, and one without an answer never.

use glassbase_trace::Bytes;
use glassbase_trace::sorted::{SortedMap, SortedSet};

/// What was paid in or taken out, and what the client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The number of the operation.
    pub request: u64,
    pub client: u32,
    pub account: Bytes,
    pub amount: u64,
    /// Taken out, if it is there; paid in otherwise.
    pub takes: bool,
    pub asked_ns: u64,
    /// When the client was told, and whether it is done; none: it waits, or nobody knows.
    pub ended: Option<(u64, bool)>,
}

impl Payment {
    fn is_taken(&self) -> bool {
        self.takes && matches!(self.ended, Some((_, true)))
    }

    fn may_be_paid_before(&self, ns: u64) -> bool {
        !self.takes && !matches!(self.ended, Some((_, false))) && self.asked_ns <= ns
    }
}

/// More was taken out of an account than was ever paid in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    pub account: Bytes,
    pub taken: u64,
    /// At most so much can have been paid in by then.
    pub paid: u64,
    /// When the withdrawal was acknowledged that can't have been covered.
    pub at_ns: u64,
    /// The payments that show it, by their places among all; the one that can't have been covered is the last.
    pub part: Vec<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentsReport {
    /// Of each overdrawn account its first moment, the earliest account first.
    pub overdrawn: Vec<Overdrawn>,
    pub taken: u64,
    pub paid: u64,
    /// Withdrawals that were acknowledged.
    pub withdrawals: u64,
    /// Withdrawals that were turned down, or are without an answer.
    pub others: u64,
}

/// Whether every withdrawal that was acknowledged was covered. `payments` are in the order in which they began.
pub fn check_payments(payments: &[Payment]) -> PaymentsReport {
    let mut report = PaymentsReport::default();
    let mut taken: Vec<(u64, usize)> = Vec::new();
    for (at, payment) in payments.iter().enumerate() {
        match (payment.takes, payment.ended) {
            (true, Some((ended_ns, true))) => {
                taken.push((ended_ns, at));
                report.taken = report.taken.saturating_add(payment.amount);
                report.withdrawals += 1;
            }
            (true, _) => report.others += 1,
            (false, Some((_, true))) => report.paid = report.paid.saturating_add(payment.amount),
            (false, _) => {}
        }
    }
    glassbase_trace::sorting::sort_by(&mut taken, Ord::cmp);
    let mut of_account: SortedMap<&Bytes, u64> = SortedMap::new();
    let mut told: SortedSet<&Bytes> = SortedSet::new();
    for (at_ns, at) in taken {
        let account = &payments[at].account;
        let sum = of_account.entry(account).or_default();
        *sum = sum.saturating_add(payments[at].amount);
        let (taken, is_here) = (*sum, |payment: &&Payment| payment.account == *account);
        let paid = payments.iter().filter(is_here).filter(|payment| payment.may_be_paid_before(at_ns));
        let paid = paid.fold(0_u64, |sum, payment| sum.saturating_add(payment.amount));
        if taken > paid && told.insert(account) {
            let shows = |payment: &Payment| {
                let is_earlier = payment.is_taken() && payment.ended.is_some_and(|(ended_ns, _)| ended_ns <= at_ns);
                payment.account == *account && (is_earlier || payment.may_be_paid_before(at_ns))
            };
            let places = payments.iter().enumerate().filter(|(place, payment)| *place != at && shows(payment));
            let part = places.map(|(place, _)| place).chain([at]).collect();
            report.overdrawn.push(Overdrawn { account: account.clone(), taken, paid, at_ns, part });
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paid in (+) or taken out (−), from when on, and how it ended.
    type Short = (i64, u64, Option<(u64, bool)>);

    fn payments(all: &[Short]) -> Vec<Payment> {
        let payment = |(at, &(amount, asked_ns, ended)): (usize, &Short)| Payment {
            request: at as u64,
            client: at as u32,
            account: Bytes::typed("balance"),
            amount: amount.unsigned_abs(),
            takes: amount < 0,
            asked_ns,
            ended,
        };
        all.iter().enumerate().map(payment).collect()
    }

    #[test]
    fn twice_out_of_one_hundred_is_found() {
        let both = payments(&[(100, 0, Some((5, true))), (-80, 10, Some((25, true))), (-80, 11, Some((20, true)))]);
        let report = check_payments(&both);
        let overdrawn = &report.overdrawn[0];
        assert_eq!((overdrawn.taken, overdrawn.paid, overdrawn.at_ns), (160, 100, 25));
        assert_eq!(overdrawn.part, [0, 2, 1]);
        assert_eq!((report.taken, report.paid, report.withdrawals, report.others), (160, 100, 2, 0));
    }

    #[test]
    fn what_may_have_been_paid_covers_and_what_nobody_confirmed_is_not_taken() {
        let refused = payments(&[(100, 0, Some((5, true))), (-80, 10, Some((25, true))), (-80, 11, Some((20, false)))]);
        assert_eq!(check_payments(&refused).overdrawn, []);
        let unknown = payments(&[(100, 0, Some((5, true))), (-80, 10, Some((25, true))), (-80, 11, None)]);
        assert_eq!(check_payments(&unknown).overdrawn, []);
        let maybe =
            payments(&[(100, 0, None), (60, 1, None), (-80, 10, Some((25, true))), (-80, 11, Some((20, true)))]);
        assert_eq!(check_payments(&maybe).overdrawn, []);
        let too_late = payments(&[
            (100, 0, Some((5, true))),
            (-80, 10, Some((25, true))),
            (-80, 11, Some((20, true))),
            (60, 26, None),
        ]);
        assert_eq!(check_payments(&too_late).overdrawn.len(), 1);
        let failed = payments(&[(100, 0, Some((5, false))), (-80, 10, Some((25, true)))]);
        assert_eq!(check_payments(&failed).overdrawn.len(), 1);
    }

    #[test]
    fn accounts_are_apart() {
        let mut two = payments(&[(100, 0, Some((5, true))), (-80, 10, Some((25, true))), (-80, 11, Some((20, true)))]);
        two[2].account = Bytes::typed("savings");
        let report = check_payments(&two);
        assert_eq!(report.overdrawn.len(), 1);
        assert_eq!((&*report.overdrawn[0].account.to_string(), &report.overdrawn[0].part[..]), ("savings", &[2][..]));
    }
}
