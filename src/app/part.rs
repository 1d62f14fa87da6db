//! A part of the page that is drawn anew only when what it shows has changed.
//!
//! A Yew component for each part would carry its own copy of the machinery that mounts, compares and updates it, some
//! three kilobytes of the page's wasm. What stands around the stage has no state of its own, so one component serves
//! for all: a [`Part`] is what it shows, a function draws it.

use std::cell::Cell;

use yew::prelude::*;

use super::code::{CodeProps, code};
use super::curves::{CurvesProps, curves};
use super::dialogs::{DialogsProps, dialogs};
use super::header::{HeaderProps, header};
use super::inspector::{InspectorProps, inspector};
use super::nav::{NavProps, nav};
use super::quick::{QuickProps, quick};
use super::site;
use super::trace_list::{TraceListProps, trace_list};
use super::transport::{TransportProps, transport};
use crate::view::Guide;
use crate::view::pseudocode::Algorithm;

#[derive(PartialEq)]
pub enum Part {
    Header(HeaderProps),
    Nav(NavProps),
    Quick(QuickProps),
    Transport(TransportProps),
    Code(CodeProps),
    Curves(CurvesProps),
    Inspector(InspectorProps),
    TraceList(TraceListProps),
    Dialogs(DialogsProps),
    Doors(site::Doors),
    Glossary(site::Glossary),
    Reference(site::Reference),
}

impl Part {
    pub fn draw(self) -> Html {
        html! { <Drawn part={self} /> }
    }
}

#[derive(Properties, PartialEq)]
struct DrawnProps {
    part: Part,
}

struct Drawn {
    /// The algorithm shown last, and in which lab: it stays while nothing runs.
    algorithm: Cell<Option<(&'static Guide, &'static Algorithm)>>,
}

impl Component for Drawn {
    type Message = ();
    type Properties = DrawnProps;

    fn create(_: &Context<Self>) -> Drawn {
        Drawn { algorithm: Cell::new(None) }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        match &ctx.props().part {
            Part::Header(props) => header(props),
            Part::Nav(props) => nav(props),
            Part::Quick(props) => quick(props),
            Part::Transport(props) => transport(props),
            Part::Code(props) => code(props, &self.algorithm),
            Part::Curves(props) => curves(props),
            Part::Inspector(props) => inspector(props),
            Part::TraceList(props) => trace_list(props),
            Part::Dialogs(props) => dialogs(props),
            Part::Doors(props) => site::doors(props),
            Part::Glossary(props) => site::glossary(props),
            Part::Reference(props) => site::reference(props),
        }
    }
}
