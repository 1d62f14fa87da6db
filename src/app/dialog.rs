//! A dialog on top of the page: the browser keeps the focus inside it and closes it on Escape.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::icons::{self, icon_button};

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub title: AttrValue,
    pub on_close: Callback<()>,
    pub children: Html,
}

pub struct Dialog {
    element: NodeRef,
}

impl Component for Dialog {
    type Message = ();
    type Properties = DialogProps;

    fn create(_: &Context<Self>) -> Dialog {
        Dialog { element: NodeRef::default() }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if let Some(dialog) = self.element.cast::<HtmlDialogElement>().filter(|_| first) {
            let _ = dialog.show_modal();
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let close = props.on_close.reform(|_: MouseEvent| ());
        html! {
            <dialog ref={self.element.clone()} aria-labelledby="dialog-title" onclose={props.on_close.reform(|_: Event| ())}>
                <header>
                    <h2 id="dialog-title">{ &props.title }</h2>
                    { icon_button(icons::CLOSE, "Close", close, false) }
                </header>
                <div class="body" tabindex="0" role="document">{ props.children.clone() }</div>
            </dialog>
        }
    }
}
