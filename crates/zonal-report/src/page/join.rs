//! Joins several pages into one.

use super::{DEGREES, DrawnChart, Page, Section, Slider};
use crate::draw::draw;
use crate::figure::REST;

/// Joins pages one after another. The slider is that of the first page.
pub fn join(mut pages: Vec<Page>) -> Page {
    if pages.len() == 1 {
        return pages.remove(0);
    }
    let titles: Vec<String> = pages.iter().map(|p| p.title.clone()).collect();
    let mut whole = Page {
        kind: "Runs",
        title: format!("{} pages in one", pages.len()),
        lead: format!("{}.", titles.join("; ")),
        toggles_label: "Curves",
        ..Page::default()
    };
    for (number, mut page) in pages.into_iter().enumerate() {
        rename(&mut page, &format!("p{}-", number + 1));
        if page.toggles_label == DEGREES {
            let degrees = page.toggles.iter_mut().filter(|t| t.name != REST);
            degrees.for_each(|t| t.name = format!("degree {}", t.name));
        }
        page.toggles.iter_mut().for_each(|t| t.name = format!("{}: {}", number + 1, t.name));
        let facts: Vec<String> = page.facts.iter().map(|f| format!("{} {}", f.name, f.value)).collect();
        let mut texts = vec![page.lead];
        if !facts.is_empty() {
            texts.push(format!("{}.", facts.join("; ")));
        }
        texts.extend(page.notes);
        for origin in &mut page.origins {
            origin.heading = format!("{}: {}", origin.heading, page.title);
        }
        whole.sections.push(Section {
            heading: format!("{}. {}", number + 1, page.title),
            texts,
            ..Section::default()
        });
        whole.sections.extend(page.sections);
        whole.charts.extend(page.charts);
        whole.toggles.extend(page.toggles);
        whole.origins.extend(page.origins);
        if number == 0 {
            whole.slider = page.slider.map(|s| Slider { label: format!("1: {}", s.label), ..s });
        }
    }
    whole
}

/// Prefixes all identifiers, which must be unique in a page.
fn rename(page: &mut Page, prefix: &str) {
    let longer = |text: &mut String| *text = format!("{prefix}{text}");
    let keys = |key: &mut Option<String>| key.iter_mut().for_each(longer);
    page.toggles.iter_mut().for_each(|t| longer(&mut t.key));
    for DrawnChart { chart, drawing } in &mut page.charts {
        longer(&mut chart.id);
        chart.series.iter_mut().for_each(|s| keys(&mut s.toggle));
        *drawing = draw(chart);
    }
    for section in &mut page.sections {
        for figure in &mut section.figures {
            longer(&mut figure.id);
            keys(&mut figure.toggle);
            if let Some(drawn) = page.charts.iter().find(|d| d.chart.id == figure.id) {
                figure.svg.clone_from(&drawn.drawing.svg);
            }
        }
        section.tables.iter_mut().flat_map(|t| &mut t.rows).for_each(|r| keys(&mut r.toggle));
    }
    if let Some(slider) = &mut page.slider {
        slider.readings.iter_mut().for_each(|r| keys(&mut r.toggle));
        let renamed = |id: String| format!("{prefix}{id}");
        slider.cursors =
            std::mem::take(&mut slider.cursors).into_iter().map(|(k, v)| (renamed(k), v)).collect();
        slider.bars = std::mem::take(&mut slider.bars).into_iter().map(|(k, v)| (renamed(k), v)).collect();
        slider.heights =
            std::mem::take(&mut slider.heights).into_iter().map(|(k, v)| (renamed(k), v)).collect();
    }
}
