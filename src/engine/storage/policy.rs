//! Replacement: which page leaves the pool when a frame is needed.

use crate::trace::FrameId;

/// Decides which frame to free. It is told of every access and asked for a victim.
pub trait ReplacementPolicy {
    /// The page in `frame` was found in the pool.
    fn accessed(&mut self, frame: FrameId);
    /// A page came into `frame`.
    fn admitted(&mut self, frame: FrameId);
    /// The page in `frame` left the pool.
    fn removed(&mut self, frame: FrameId);
    /// The frame to free next, of those that may be evicted. None: none may.
    fn victim(&self, evictable: &dyn Fn(FrameId) -> bool) -> Option<FrameId>;
    fn clone_box(&self) -> Box<dyn ReplacementPolicy>;
}

impl Clone for Box<dyn ReplacementPolicy> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

const NIL: u32 = u32::MAX;

/// Least recently used: a doubly linked list through the frames, the newest access in front.
///
/// ```text
///   newest ─▶ 4 ⇄ 0 ⇄ 7 ⇄ 2 ◀─ oldest: the victim, unless it is pinned
/// ```
#[derive(Clone, Debug)]
pub struct Lru {
    links: Vec<Link>,
    newest: u32,
    oldest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    newer: u32,
    older: u32,
}

impl Default for Lru {
    fn default() -> Lru {
        Lru { links: Vec::new(), newest: NIL, oldest: NIL }
    }
}

impl Lru {
    fn unlink(&mut self, frame: u32) {
        let Link { newer, older } = self.links[frame as usize];
        match newer {
            NIL => self.newest = older,
            _ => self.links[newer as usize].older = older,
        }
        match older {
            NIL => self.oldest = newer,
            _ => self.links[older as usize].newer = newer,
        }
    }

    fn push_newest(&mut self, frame: u32) {
        self.links[frame as usize] = Link { newer: NIL, older: self.newest };
        match self.newest {
            NIL => self.oldest = frame,
            newest => self.links[newest as usize].newer = frame,
        }
        self.newest = frame;
    }
}

impl ReplacementPolicy for Lru {
    #[inline]
    fn accessed(&mut self, frame: FrameId) {
        if self.newest != frame.0 {
            self.unlink(frame.0);
            self.push_newest(frame.0);
        }
    }

    fn admitted(&mut self, frame: FrameId) {
        if self.links.len() <= frame.index() {
            self.links.resize(frame.index() + 1, Link { newer: NIL, older: NIL });
        }
        self.push_newest(frame.0);
    }

    fn removed(&mut self, frame: FrameId) {
        self.unlink(frame.0);
    }

    fn victim(&self, evictable: &dyn Fn(FrameId) -> bool) -> Option<FrameId> {
        let mut frame = self.oldest;
        while frame != NIL && !evictable(FrameId(frame)) {
            frame = self.links[frame as usize].newer;
        }
        (frame != NIL).then_some(FrameId(frame))
    }

    fn clone_box(&self) -> Box<dyn ReplacementPolicy> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_frame_that_is_not_pinned_goes() {
        let mut lru = Lru::default();
        for frame in 0..4 {
            lru.admitted(FrameId(frame));
        }
        lru.accessed(FrameId(0));
        assert_eq!(lru.victim(&|_| true), Some(FrameId(1)));
        assert_eq!(lru.victim(&|frame| frame.0 != 1), Some(FrameId(2)));
        lru.removed(FrameId(1));
        lru.removed(FrameId(2));
        assert_eq!(lru.victim(&|_| true), Some(FrameId(3)));
        assert_eq!(lru.victim(&|_| false), None);
        lru.admitted(FrameId(1));
        lru.removed(FrameId(3));
        assert_eq!(lru.victim(&|_| true), Some(FrameId(0)));
    }
}
