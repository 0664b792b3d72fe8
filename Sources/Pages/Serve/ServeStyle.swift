/// What the server's pages need beside `Style.sheet`.
package enum ServeStyle {
  package static let sheet = """
    header.site form { margin: .4rem 0 .6rem; }
    header.site form label { flex: 1 1 10rem; }
    header.site form input { width: 100%; min-width: 0; }
    h1.id { font-size: clamp(1.1rem, .9rem + 1.2vw, 1.7rem); overflow-wrap: anywhere; }
    .choices { list-style: none; padding: 0; margin: 0 0 1rem; display: flex; flex-wrap: wrap; gap: .4rem; }
    .choices a { display: block; padding: .3rem .8rem; border: 1px solid var(--edge); border-radius: 99px; text-decoration: none; }
    .choices a[aria-current] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
    th a[aria-current] .fate::before { content: "▸ "; }
    .fields dt { color: var(--soft); font-size: .85rem; margin-top: .8rem; overflow-wrap: anywhere; }
    .fields dd { margin: .1rem 0 0; }
    .value { unicode-bidi: plaintext; overflow-wrap: anywhere; }
    pre.value { white-space: pre-wrap; max-height: 28rem; overflow-y: auto; }

    """

  package static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke-width="2.6"\
     stroke-linecap="round"><path stroke="#0b7a75" d="M2 4C11 4 11 12 22 12"/>\
    <path stroke="#3563c4" d="M2 12H22"/><path stroke="#8a3fa0" d="M2 20C11 20 11 12 22 12"/></svg>
    """
}
