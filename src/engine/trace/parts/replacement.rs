//! What a replacement policy knows, as plain data: its lists of pages, in the order in which it would evict them.

use std::rc::Rc;

use crate::trace::id::PageId;
use crate::trace::plain::plain;

plain! {
    /// A replacement policy.
    #[derive(Default)]
    struct ReplacementState {
        /// The policy's word.
        policy: Rc<str>,
        lists: Vec<ReplacementList>,
    }

    /// Pages in the order in which the policy holds them, the next victim first.
    struct ReplacementList {
        name: Rc<str>,
        pages: Vec<PageId>,
    }
}
