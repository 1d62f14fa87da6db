//! Where in the tree something happens.

use crate::trace::{Lane, PageId, Record};
use crate::view::camera::Bounds;
use crate::view::metrics::Metrics;
use crate::view::{View, scene};

/// The part of the tree that a record is about.
pub fn action(view: &View, record: Option<&Record>, metrics: &Metrics) -> Option<Bounds> {
    let shape = view.shape();
    let pages = record.map_or([PageId::NONE; 2], |record| record.event.pages());
    let at = |page: PageId| if page.is_none() { None } else { scene::place(&shape, page, metrics) };
    let in_tree = record.is_some_and(|record| record.event.lane() == Lane::Tree);
    let touched = pages.iter().filter_map(|page| at(*page)).filter(|_| in_tree).reduce(|one, other| one.with(other));
    let low = |bounds: &Bounds| bounds.bottom > 0.0;
    // While the search goes down, what it goes to is where the next thing happens.
    let step = view.operation.as_ref().and_then(|operation| operation.path.last());
    let goes_to = step.and_then(|step| at(step.child).or(at(step.page)));
    touched.filter(low).or(goes_to).or(at(view.attention)).or(touched)
}
