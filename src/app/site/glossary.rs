//! The glossary: the words of the field in plain sentences, each with a run that shows it.

use yew::prelude::*;

use super::go;
use crate::app::action::Act;
use crate::lab::glossary::{Term, terms};
use crate::lab::preset;

#[derive(PartialEq)]
pub struct GlossaryProps {
    /// The entry that is marked, as in links; may be empty.
    pub at: String,
    pub act: Act,
}

pub fn glossary(props: &GlossaryProps) -> Html {
    let mut letters: Vec<(char, Vec<Term>)> = Vec::new();
    for term in terms() {
        let letter = initial(term.name);
        match letters.last_mut() {
            Some((known, of_letter)) if *known == letter => of_letter.push(term),
            _ => letters.push((letter, vec![term])),
        }
    }
    let known = props.at.is_empty() || terms().any(|term| term.slug() == props.at);
    let index = letters.iter().map(|(letter, of_letter)| {
        let fragment = format!("glossary={}", of_letter[0].slug());
        html! { <a href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ *letter }</a> }
    });
    let sections = letters.iter().map(|(letter, of_letter)| {
        html! {
            <section aria-label={letter.to_string()}>
                <h2 aria-hidden="true">{ *letter }</h2>
                <dl>{ for of_letter.iter().map(|term| entry(props, term)) }</dl>
            </section>
        }
    });
    html! {
        <div class="sheet">
            <h1>{ "Glossary" }</h1>
            <p class="lead">{ "The words of the labs, in plain sentences. Each opens a run that shows what it means." }</p>
            if !known { <p class="missing" role="status">{ format!("There is no entry \"{}\". Here are all there are.", props.at) }</p> }
            <nav class="letters" aria-label="Letters">{ for index }</nav>
            <div class="terms">{ for sections }</div>
        </div>
    }
}

/// Digits stand together before the letters.
fn initial(name: &str) -> char {
    let first = name.chars().next().unwrap_or('?').to_ascii_uppercase();
    if first.is_ascii_digit() { '#' } else { first }
}

fn entry(props: &GlossaryProps, term: &Term) -> Html {
    let slug = term.slug();
    let here = slug == props.at;
    let shown = preset(term.preset).map(|(lab, preset)| {
        let fragment = format!("preset={}", term.preset);
        html! {
            <dd class="shows"><a href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ preset.title }</a><span class="quiet">{ lab.title }</span></dd>
        }
    });
    let fragment = format!("glossary={slug}");
    html! {
        <div class={classes!("term", here.then_some("here"))} id={format!("at-{slug}")} tabindex="-1">
            <dt>
                <a href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ term.name }</a>
                if !term.also.is_empty() { <span class="quiet">{ term.also }</span> }
            </dt>
            <dd>{ term.text }</dd>
            { for shown }
        </div>
    }
}
