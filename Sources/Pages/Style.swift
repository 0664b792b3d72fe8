/// How all pages look: light and dark, on a phone, on a wide screen and on paper.
///
/// Every pair of letters and ground has a contrast of 4.5 or more, every mark of a drawing 3 or
/// more; colours never say anything alone. System fonts only.
package enum Style {
  package static let sheet = """
    :root {
      color-scheme: light dark;
      --paper: #fbfaf7; --card: #ffffff; --wash: #f2f0ea; --line: #dedad0; --edge: #8b867a;
      --ink: #1b1d22; --soft: #565b64; --link: #1b5a9e; --focus: #1b5a9e;
      --lost: #cfc9bc;
      --c0: #0b7a75; --c1: #3563c4; --c2: #8a3fa0; --c3: #a3650a;
      --c4: #b3394b; --c5: #4c7a1e; --c6: #23789c; --c7: #85583b;
      --kept: #0b7a57; --seed: #3563c4; --dropped: #a84a26; --duplicate: #806200;
      --quarantined: #8a3fa0; --good: #0b7a57; --bad: #b3261e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14161a; --card: #1b1e23; --wash: #23272d; --line: #343941; --edge: #7d8590;
        --ink: #e9e7e2; --soft: #a8adb6; --link: #8ab8f2; --focus: #8ab8f2;
        --lost: #4a4e55;
        --c0: #45bdb4; --c1: #86a8f5; --c2: #cf95e3; --c3: #e0a84a;
        --c4: #f08a98; --c5: #9cca62; --c6: #6fc0e6; --c7: #d3a888;
        --kept: #4cc79a; --seed: #86a8f5; --dropped: #f0986e; --duplicate: #d9b84a;
        --quarantined: #cf95e3; --good: #4cc79a; --bad: #ff9a90;
      }
    }

    *, *::before, *::after { box-sizing: border-box; }
    html { scroll-padding-top: 5rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 1rem/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
        Arial, sans-serif;
      font-variant-numeric: tabular-nums; overflow-wrap: break-word;
    }
    a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .18em; }
    a:hover { text-decoration-thickness: 2px; }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
    main:focus { outline: none; }
    .skip { position: absolute; left: -99rem; top: 0; z-index: 9; }
    .skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--card); }
    h1, h2, h3, h4 { line-height: 1.2; text-wrap: balance; letter-spacing: -.012em; }
    h1 { font-size: clamp(1.8rem, 1.3rem + 2.2vw, 2.7rem); margin: 0 0 .5rem; letter-spacing: -.025em; }
    h2 { font-size: 1.5rem; margin: 0 0 .5rem; }
    h3 { font-size: 1.12rem; margin: 2.25rem 0 .5rem; }
    h3 small, h4 small { font-weight: 400; color: var(--soft); letter-spacing: 0; }
    p { margin: .5rem 0 1rem; max-width: 44rem; text-wrap: pretty; }
    .intro, .lead, .soft, figcaption, small { color: var(--soft); }
    .lead { font-size: 1.1rem; }
    .swatch { vertical-align: -.06em; margin-right: .45em; }

    header.site {
      position: sticky; top: 0; z-index: 5; background: var(--paper);
      border-bottom: 1px solid var(--line); padding: .6rem 1rem 0;
    }
    .brand {
      display: flex; align-items: center; gap: .6rem; color: inherit; text-decoration: none;
      font-weight: 650; line-height: 1.15;
    }
    .brand small { display: block; font-weight: 400; font-size: .8rem; overflow-wrap: anywhere; }
    .mark { flex: none; }
    .mark path { fill: none; stroke-width: 2.6; stroke-linecap: round; }
    nav ul { list-style: none; margin: .35rem -1rem 0; padding: 0 1rem; display: flex; overflow-x: auto; }
    nav a {
      display: block; padding: .5rem .65rem; color: var(--soft); text-decoration: none;
      white-space: nowrap; font-size: .92rem; border-bottom: 2px solid transparent;
    }
    nav li:first-child a { margin-left: -.65rem; }
    nav a:hover { color: var(--ink); border-color: var(--line); }
    nav a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--c0); }
    main { padding: 1.75rem 1rem 3rem; max-width: 74rem; margin: 0 auto; }
    footer.site { padding: 1.5rem 1rem 3rem; color: var(--soft); font-size: .88rem; max-width: 74rem; margin: 0 auto; }
    section { margin-top: 3.25rem; padding-top: 1.75rem; border-top: 1px solid var(--line); }
    .masthead { margin-bottom: 1.5rem; }

    @media (min-width: 74rem) {
      html { scroll-padding-top: 1.5rem; }
      body { display: grid; grid-template-columns: 15.5rem minmax(0, 1fr); grid-template-rows: 1fr auto; }
      header.site {
        grid-row: 1 / 3; height: 100vh; overflow-y: auto; border-bottom: 0; padding: 1.75rem 1.25rem;
        border-right: 1px solid var(--line);
      }
      nav ul { display: block; margin: 1.5rem 0 0; padding: 0; overflow: visible; }
      nav a { padding: .32rem .75rem; border: 0; border-left: 2px solid var(--line); white-space: normal; }
      nav li:first-child a { margin: 0; }
      nav a[aria-current], nav a:hover { border-color: var(--c0); }
      main { padding: 2.5rem 3rem 4rem; margin: 0; width: 100%; max-width: 80rem; }
      footer.site { padding: 1.5rem 3rem 3rem; margin: 0; }
    }

    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.8rem, 1fr)); margin: 1.5rem 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
    .figures div { padding: .85rem .95rem .95rem; box-shadow: 1px 1px 0 0 var(--line); }
    .figures dt { color: var(--soft); font-size: .85rem; }
    .figures dd { margin: .1rem 0 0; font-size: 1.45rem; font-weight: 620; line-height: 1.15; letter-spacing: -.02em; }
    .figures dd.long { font-size: 1.15rem; }
    .figures small { display: block; font-size: .82rem; font-weight: 400; letter-spacing: 0; line-height: 1.35; margin-top: .2rem; }
    .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .7rem 2rem; margin: 1rem 0; }
    .facts dt { color: var(--soft); font-size: .85rem; }
    .facts dd { margin: 0; overflow-wrap: anywhere; }

    .scroll { overflow-x: auto; overscroll-behavior-x: contain; margin: .75rem 0 1.25rem; }
    .narrow th.number, .narrow td.number { padding-left: 2.5rem; }
    table { border-collapse: collapse; width: 100%; font-size: .92rem; line-height: 1.4; }
    table.narrow { width: auto; min-width: 20rem; }
    caption { text-align: left; color: var(--soft); padding: 0 0 .45rem; font-size: .88rem; overflow-wrap: anywhere; }
    th, td { padding: .42rem .85rem .42rem 0; vertical-align: top; text-align: left; font-weight: 400; }
    th:last-child, td:last-child { padding-right: 0; }
    thead th { color: var(--soft); font-size: .82rem; border-bottom: 1px solid var(--edge); vertical-align: bottom; }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody th { font-weight: 550; }
    th.code { min-width: 12rem; font-weight: 400; }
    .branch { white-space: nowrap; }
    .quiet caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    tfoot > tr > * { border-top: 1px solid var(--edge); font-weight: 600; }
    th.number, td.number { text-align: right; white-space: nowrap; }
    th.drawing, td.drawing { width: 40%; min-width: 9rem; padding-left: .4rem; vertical-align: middle; }
    td.text, th.text { min-width: 6rem; overflow-wrap: break-word; }
    th.prose, td.prose { min-width: 14rem; width: 48%; overflow-wrap: anywhere; }
    td.code { min-width: 8rem; }
    .prose ~ .code { min-width: 13rem; }
    td code, th code, th.code a { overflow-wrap: anywhere; }
    th.code .id { white-space: nowrap; }
    /* Accents upon accents stay in their row; the ring of the focus shows. */
    th, td, dd { overflow: clip; overflow-clip-margin: content-box 6px; }
    .number + .text, .number + .code { padding-left: 1.25rem; }
    code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; font-variant-ligatures: none; }
    pre { background: var(--wash); padding: .8rem 1rem; border-radius: 8px; overflow-x: auto; line-height: 1.45; margin: .5rem 0 1rem; }
    pre code { font-size: .84rem; }
    .hash { color: var(--soft); font-size: .78rem; overflow-wrap: anywhere; }
    q.sample { quotes: "\\201C" "\\201D"; color: var(--ink); overflow-wrap: anywhere; unicode-bidi: isolate; }

    figure { margin: 1.25rem 0 1.75rem; }
    figcaption { font-size: .88rem; max-width: 44rem; margin-top: .4rem; }
    svg.drawing { display: block; max-width: 100%; height: auto; }
    svg.drawing.wide { width: 100%; min-width: 46rem; }
    svg.drawing text { font: 12px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
    svg.drawing .soft { fill: var(--soft); }
    svg.drawing .strong { font-weight: 640; font-size: 13px; }
    svg.drawing .axis { stroke: var(--edge); stroke-width: 1; }
    svg.drawing .grid { stroke: var(--line); stroke-width: 1; }
    svg.drawing .mark-line { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3; }
    svg.drawing.flow { width: 100%; min-width: 54rem; }
    .maps { display: flex; flex-wrap: wrap; gap: 0 2.5rem; }
    .maps figure { max-width: 100%; min-width: 0; display: flex; flex-direction: column-reverse; }
    .maps figure:has(.wide) { width: 100%; }
    .maps figcaption { margin: 0 0 .5rem; }
    .meter { display: block; width: 100%; height: .72rem; }
    .meter .ground, svg.drawing .ground { fill: var(--wash); }
    .columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem; }
    .columns > * { min-width: 0; }
    .columns svg.drawing { width: 100%; }
    figure .scroll { margin: 0; }
    .columns figure { margin: .75rem 0 1.25rem; }
    .c0 { fill: var(--c0); } path.c0 { stroke: var(--c0); }
    .c1 { fill: var(--c1); } path.c1 { stroke: var(--c1); }
    .c2 { fill: var(--c2); } path.c2 { stroke: var(--c2); }
    .c3 { fill: var(--c3); } path.c3 { stroke: var(--c3); }
    .c4 { fill: var(--c4); } path.c4 { stroke: var(--c4); }
    .c5 { fill: var(--c5); } path.c5 { stroke: var(--c5); }
    .c6 { fill: var(--c6); } path.c6 { stroke: var(--c6); }
    .c7 { fill: var(--c7); } path.c7 { stroke: var(--c7); }
    .through { pointer-events: none; }
    .faint { fill-opacity: .45; }
    rect.kept { fill: var(--kept); } rect.seed { fill: var(--seed); }
    rect.dropped { fill: var(--dropped); } rect.duplicate { fill: var(--duplicate); }
    rect.quarantined { fill: var(--quarantined); }
    rect.lost, path.lost { fill: var(--lost); } rect.neutral, path.neutral { fill: var(--edge); }
    path.flow { stroke: none; fill-opacity: .42; }
    path.flow.lost { fill-opacity: .55; }
    path.flow:hover { fill-opacity: .75; }
    path.unknown { fill: none; stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round; }
    path.curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    path.curve.raw { stroke-width: 1; stroke-opacity: .45; }
    rect.cell:hover { stroke: var(--ink); stroke-width: 1.5; }
    .degenerate { fill: var(--ink); stroke: var(--paper); stroke-width: 1; }
    .print, .small { display: none; }

    .fate, .state { font-weight: 600; white-space: nowrap; }
    .fate.kept { color: var(--kept); } .fate.seed { color: var(--seed); }
    .fate.dropped { color: var(--dropped); } .fate.duplicate { color: var(--duplicate); }
    .fate.quarantined { color: var(--quarantined); }
    .state.done { color: var(--good); } .state.failed { color: var(--bad); }
    .state.stopped, .state.running { color: var(--duplicate); }
    details { border: 1px solid var(--line); border-radius: 8px; background: var(--card); margin: .6rem 0; }
    summary { cursor: pointer; padding: .55rem .9rem; }
    summary:hover { color: var(--link); }
    .folded { padding: 0 .9rem .6rem; }
    .notice { border-left: 4px solid var(--duplicate); background: var(--wash); padding: .6rem 1rem; border-radius: 0 8px 8px 0; }
    .notice.bad { border-color: var(--bad); }

    form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0 1rem; }
    label { font-size: .88rem; color: var(--soft); }
    label > input, label > select { display: block; margin-top: .15rem; }
    input, select, button { font: inherit; color: inherit; padding: .45rem .7rem; border: 1px solid var(--edge); border-radius: 7px; background: var(--card); max-width: 100%; }
    input[type=search] { min-width: min(100%, 24rem); }
    button { background: var(--ink); color: var(--paper); border-color: var(--ink); cursor: pointer; font-weight: 600; }
    .pager { display: flex; gap: 1rem; margin: 1rem 0; }

    @media (max-width: 40rem) {
      .figures { grid-template-columns: 1fr 1fr; }
      .figures dd { font-size: 1.4rem; }
      section { margin-top: 2.25rem; }
      th.drawing, td.drawing { min-width: 6rem; }
      .minor, .roomy { display: none; }
      .small { display: block; }
      .small svg.drawing { width: 100%; }
      .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .stack tr { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .35rem 0; border-top: 1px solid var(--line); }
      .stack tr > * { border: 0; padding: .1rem 0; min-width: 0; width: auto; overflow-wrap: anywhere; }
      .stack tbody th, .stack tfoot th { flex: 1 1 55%; }
      .stack tr:has(.number + .number) > th { flex-basis: 100%; }
      .stack th.code .id { white-space: normal; }
      .stack .prose ~ .code { min-width: 0; }
      .stack td.number { order: 1; text-align: left; padding-left: 0; }
      .stack .prose { flex: 1 1 100%; order: 2; }
      .stack tbody th.prose { order: 0; }
      .stack td.text, .stack td.code, .stack td.drawing { flex: 1 1 100%; order: 3; padding-left: 0; }
      .stack td[data-name]::before { content: attr(data-name) " "; color: var(--soft); font-size: .82rem; font-weight: 400; }
      .stack td:empty, .stack .minor { display: none; }
    }
    @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
    @media (forced-colors: active) { .drawing, .meter, .swatch { forced-color-adjust: none; } }
    @page { size: A4; margin: 15mm 13mm; }
    @media print {
      :root {
        color-scheme: light;
        --paper: #fff; --card: #fff; --wash: #f4f2ed; --line: #d9d5cb; --edge: #8b867a;
        --ink: #000; --soft: #4a4e56; --link: #1b4a80; --focus: #1b4a80; --lost: #cfc9bc;
        --c0: #0b7a75; --c1: #3563c4; --c2: #8a3fa0; --c3: #a3650a;
        --c4: #b3394b; --c5: #4c7a1e; --c6: #23789c; --c7: #85583b;
        --kept: #0b7a57; --seed: #3563c4; --dropped: #a84a26; --duplicate: #806200;
        --quarantined: #8a3fa0; --good: #0b7a57; --bad: #b3261e;
      }
      html { font-size: 9.5pt; }
      body { display: block; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      header.site { position: static; height: auto; border: 0; padding: 0 0 1rem; overflow: visible; }
      nav, .skip, form { display: none; }
      main, footer.site { padding: 0; max-width: none; margin: 0; }
      .scroll { overflow: visible; }
      svg.drawing.wide, svg.drawing.flow { min-width: 0; }
      svg.drawing.flow text { font-size: 14px; }
      a { color: inherit; text-decoration: none; }
      h2, h3, h4, caption, summary { break-after: avoid; }
      figure, tr, .figures, .notice { break-inside: avoid; }
      thead { display: table-header-group; break-after: avoid; }
      tbody tr:first-child { break-before: avoid; }
      summary { list-style: none; }
      summary::-webkit-details-marker { display: none; }
      details::details-content { content-visibility: visible; block-size: auto; }
      .unprinted { display: none; }
      .print, .roomy { display: block; }
      .small { display: none; }
      .figures { grid-template-columns: repeat(7, 1fr); }
      .figures div { padding: .6rem .7rem; }
      .figures dd { font-size: 1.25rem; }
      table { font-size: .86rem; }
      th, td { padding-right: .5rem; }
      th.number { white-space: normal; }
      th.code { min-width: 9rem; }
      td.text { overflow-wrap: anywhere; }
      .number + .text, .number + .code { padding-left: .6rem; }
      pre { white-space: pre-wrap; }
      section { margin-top: 1.75rem; padding-top: 1rem; }
    }

    """
}
