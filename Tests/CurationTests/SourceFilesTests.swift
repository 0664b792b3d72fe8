import Files
import Foundation
import Testing

@testable import Curation

struct SourceFilesTests {
  private func openR1() throws -> SourceCard { try SourceCardTests.library.card("openr1-math") }

  /// What is found, below the folder.
  private func locate(
    _ card: SourceCard, config: String? = nil, given: String? = nil, in folder: Scratch
  ) throws -> [String]? {
    let config = try #require(card.config(config))
    let found = try SourceFiles.locate(
      card, config, given: given.map { folder.path + $0 }, workspace: folder.path + "/work")
    return found?.paths.map { $0.replacing(folder.path + "/", with: "") }
  }

  @Test func `a file that is given is taken, whatever its name`() throws {
    let folder = try Scratch()
    try folder.write("odd.name", "")
    #expect(try locate(openR1(), given: "/odd.name", in: folder) == ["odd.name"])
  }

  static let today = [
    "all/default-00000-of-00001.parquet", "all/extended-00000-of-00001.parquet",
    "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet",
    "extended/train-00000-of-00001.parquet", "README.md",
  ]
  static let earlier = [
    "all/default-00000-of-00001.parquet", "all/extended-00000-of-00001.parquet", "README.md",
  ]
  static let first = [
    "default/a-00000.parquet", "extended/b-00000.parquet", "extended/b-00001.parquet",
  ]

  static let layouts: [([String], String, [String])] = [
    (today, "default", [today[2], today[3]]),
    (today, "extended", [today[4]]),
    (today, "all", [today[0], today[1]]),
    (earlier, "default", [earlier[0]]),
    (earlier, "extended", [earlier[1]]),
    (earlier, "all", [earlier[0], earlier[1]]),
    (first, "default", [first[0]]),
    (first, "extended", [first[1], first[2]]),
    (first, "all", first),
    (["all/train-00000.parquet"] + today, "all", ["all/train-00000.parquet"]),
  ]

  @Test(arguments: layouts)
  func `a folder as published gives the files of the config, newest layout first`(
    files: [String], config: String, expected: [String]
  ) throws {
    let folder = try Scratch()
    // Characters that mean something in a pattern stand for themselves in a path.
    let place = "we[i]rd {a,b}*"
    for file in files { try folder.write("\(place)/\(file)", "") }
    #expect(
      try locate(openR1(), config: config, given: "/" + place, in: folder)
        == expected.map { "\(place)/\($0)" })
  }

  @Test func `a folder with other names gives all data files, in byte order`() throws {
    let folder = try Scratch()
    for name in [
      "b.jsonl", "a/z.json.gz", "a/B.JSONL.ZST", "c.ndjson", "d.parquet", "README.md", ".h.jsonl",
      "x.csv", "a.jsonl.part",
    ] {
      try folder.write("data/" + name, "")
    }
    #expect(
      try locate(openR1(), given: "/data", in: folder)
        == [
          "data/a/B.JSONL.ZST", "data/a/z.json.gz", "data/b.jsonl", "data/c.ndjson",
          "data/d.parquet",
        ])
  }

  static let patterns: [(String, [String])] = [
    ("/*.jsonl", ["a.jsonl", "b.jsonl"]), ("/{b,a}.jsonl", ["a.jsonl", "b.jsonl"]),
    ("/[b-z].*", ["b.jsonl", "c.txt"]),
  ]

  @Test(arguments: patterns)
  func `a pattern gives the files that it matches, in byte order`(
    pattern: String, expected: [String]
  ) throws {
    let folder = try Scratch()
    for name in ["b.jsonl", "a.jsonl", "c.txt", "d.jsonl/x"] { try folder.write(name, "") }
    #expect(try locate(openR1(), given: pattern, in: folder) == expected)
  }

  @Test(arguments: ["/nothing.jsonl", "/*.jsonl", "/empty"])
  func `a given place without files is an error`(given: String) throws {
    let folder = try Scratch()
    try folder.write("empty/README.md", "")
    #expect(
      message { _ = try locate(try openR1(), given: given, in: folder) }
        == "\(folder.path)\(given): no file is here for the source 'openr1-math'")
  }

  static let places: [([String], [String]?)] = [
    (["openr1-math/x.jsonl", "openr1-math.jsonl"], ["openr1-math/x.jsonl"]),
    (
      ["openr1-math/data/train-0.parquet", "openr1-math/x.jsonl"],
      ["openr1-math/data/train-0.parquet"]
    ),
    (["openr1-math.jsonl"], ["openr1-math.jsonl"]),
    (["openr1-math.jsonl.gz", "openr1-math.md"], ["openr1-math.jsonl.gz"]),
    (["openr1-math-2.jsonl", "openr1.jsonl"], nil),
    (["openr1-math/notes.txt"], nil),
  ]

  @Test(arguments: places)
  func `the workspace's sources are looked through by name`(files: [String], expected: [String]?)
    throws
  {
    let folder = try Scratch()
    for file in files { try folder.write("work/sources/" + file, "") }
    var card = try openR1()
    card.hub = ""
    #expect(try locate(card, in: folder) == expected?.map { "work/sources/" + $0 })
  }

  static let blob = String(repeating: "0123456789abcdef", count: 4)

  /// Makes a repository of the hub's cache and returns the path of the file in it.
  @discardableResult
  private static func cache(_ hub: Scratch, card: SourceCard) throws -> String {
    let repository = "datasets--" + card.hub.replacing("/", with: "--")
    try hub.write("\(repository)/refs/main", "c0ffee\n")
    try hub.write("\(repository)/blobs/\(blob)", "data")
    try hub.write("\(repository)/snapshots/c0ffee/data/README.md", "")
    try hub.write("\(repository)/snapshots/0ld/data/train-0.parquet", "")
    let file = "\(hub.path)/\(repository)/snapshots/c0ffee/data/train-0.parquet"
    try FileManager.default.createSymbolicLink(
      atPath: file, withDestinationPath: "../../../blobs/" + blob)
    return file
  }

  // Each in a process of its own, because the environment belongs to the process.

  @Test(arguments: ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"])
  func `the hub's cache is found by huggingface_hub's rules`(variable: String) async {
    await #expect(processExitsWith: .success) { [variable] in
      for name in ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"] { unsetenv(name) }
      let home = try Scratch()
      let below = [
        "HF_HUB_CACHE": "", "HF_HOME": "/hub", "XDG_CACHE_HOME": "/huggingface/hub",
        "HOME": "/.cache/huggingface/hub",
      ]
      setenv(variable, home.path, 1)
      let card = try SourceCardTests.library.card("openr1-math")
      #expect(
        try SourceFiles.locate(card, card.configs[0], given: nil, workspace: home.path)?.paths
          == nil)
      let hub = try Scratch()
      let file = try Self.cache(hub, card: card)
      let place = home.path + below[variable]!
      try Folder.create((place as NSString).deletingLastPathComponent)
      if below[variable] == "" { try FileManager.default.removeItem(atPath: place) }
      try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: hub.path)
      let found = try #require(
        try SourceFiles.locate(card, card.configs[0], given: nil, workspace: home.path))
      #expect(found.paths == [file.replacing(hub.path, with: place)])
      #expect(found.revision == "c0ffee")
      #expect(SourceFiles.publishedSHA256(of: found.paths[0]) == Self.blob)
      // Another revision is another snapshot, here without a reference of its name.
      var old = card
      old.revision = "0ld"
      let other = try #require(
        try SourceFiles.locate(old, old.configs[0], given: nil, workspace: nil))
      #expect(other.revision == "0ld")
      #expect(SourceFiles.publishedSHA256(of: other.paths[0]) == nil)
      old.revision = "n0ne"
      #expect(try SourceFiles.locate(old, old.configs[0], given: nil, workspace: nil)?.paths == nil)
      #expect(
        try SourceFiles.locate(card, card.configs[1], given: nil, workspace: nil)?.paths == nil)
    }
  }

  @Test func `a source is fetched with one command`() throws {
    let library = SourceCardTests.library
    var card = try library.card("openr1-math")
    #expect(
      card.configs.map { SourceFiles.fetchCommand(card, $0) } == [
        "hf download --repo-type dataset open-r1/OpenR1-Math-220k --include 'data/train-*.parquet'",
        "hf download --repo-type dataset open-r1/OpenR1-Math-220k"
          + " --include 'extended/train-*.parquet'",
        "hf download --repo-type dataset open-r1/OpenR1-Math-220k --include 'all/train-*.parquet'",
      ])
    card.revision = "e4e141e"
    card.configs[0].layouts = []
    #expect(
      SourceFiles.fetchCommand(card, card.configs[0])
        == "hf download --repo-type dataset open-r1/OpenR1-Math-220k --revision e4e141e")
  }
}
