import Testing

struct HelpTests {
  @Test(arguments: helps)
  func `help says all there is to say`(help: Help) throws {
    let ending = try branchmerge(help.command + ["--help"])
    // How many threads there are is the machine's to say.
    let output = ending.output.replacing(
      /\(default: \d+\)(?=\n  --(max-quarantined|json))/, with: "(N)")
    #expect(output == help.text)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `without a command the help is shown`() throws {
    let ending = try branchmerge()
    #expect(ending.output == helps[0].text)
    #expect(ending.status == 0)
  }

  @Test func `the version is a number alone`() throws {
    let ending = try branchmerge("--version")
    #expect(ending.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    #expect(ending.status == 0)
  }

  @Test(arguments: mistakes)
  func `a mistake on the command line ends with status 2`(mistake: Mistake) throws {
    let ending = try branchmerge(mistake.arguments)
    #expect(ending.errors.split(separator: "\n").first.map(String.init) == mistake.message)
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }
}

struct Mistake: CustomTestStringConvertible {
  var arguments: [String]
  /// The first line; what the command takes follows.
  var message: String
  var testDescription: String { arguments.joined(separator: " ") }
}

private let branch = ["branch", "nowhere.yaml", "-w", "/nonexistent/work"]

private let mistakes = [
  Mistake(arguments: ["brnch"], message: "Error: Unexpected argument 'brnch'"),
  Mistake(arguments: ["branch"], message: "Error: Missing expected argument '<recipe>'"),
  Mistake(
    arguments: ["branch", "nowhere.yaml"],
    message: "Error: Missing expected argument '--workspace <dir>'"),
  Mistake(
    arguments: branch + ["--worker", "2"],
    message: "Error: Unknown option '--worker'. Did you mean '--workers'?"),
  Mistake(arguments: branch + ["--workers", "0"], message: "Error: --workers must be at least 1"),
  Mistake(
    arguments: branch + ["--workers", "two"],
    message: "Error: The value 'two' is invalid for '--workers <n>'"),
  Mistake(
    arguments: branch + ["--max-row", "0"], message: "Error: --max-row must be from 1 to 2048"),
  Mistake(
    arguments: branch + ["--max-quarantined", "some"],
    message: "Error: --max-quarantined some: this should be 20 or 1%, say"),
  Mistake(
    arguments: branch + ["--max-quarantined", "101%"],
    message: "Error: --max-quarantined 101%: this should be 20 or 1%, say"),
  Mistake(
    arguments: branch + ["--source", "small"],
    message: "Error: --source small: this should be NAME=PATH"),
  Mistake(
    arguments: branch + ["--source", "small=a", "--source", "small=b"],
    message: "Error: --source small is given twice; use a pattern for several files"),
  Mistake(
    arguments: ["trace", "some:id"], message: "Error: Missing expected argument '--workspace <dir>'"
  ),
  Mistake(
    arguments: ["branch", "tinyr2", "-w", "/nonexistent/work"],
    message: "error: tinyr2: there is no such file; did you mean 'tinyr1'? Recipes known by name"
      + " are 'tinyr1'"),
  Mistake(
    arguments: ["check", "nowhere"], message: "error: nowhere: there is no such file or folder"),
  Mistake(
    arguments: branch,
    message: "error: nowhere.yaml: there is no such file; recipes known by name are 'tinyr1'"),
]

struct Help: CustomTestStringConvertible {
  var command: [String]
  var text: String
  var testDescription: String { command.first ?? "the program" }
}

private let helps = [
  Help(
    command: [],
    text: """
      OVERVIEW: From public reasoning data sets to expert models, with every sample's
      fate on record.

      USAGE: branchmerge <subcommand>

      OPTIONS:
        --version               Show the version.
        -h, --help              Show help information.

      SUBCOMMANDS:
        branch                  Build the branch data sets of a recipe, with every
                                row's fate on record.
        trace                   Tell where a sample came from and what became of it.
        survey                  Say what is in there: rows, fields, their types,
                                lengths and values.
        check                   Check source cards, filters and recipes, and run
                                every filter's examples.
        sources                 List the known sources, where their files are, and
                                how to fetch those missing.

        See 'branchmerge help <subcommand>' for detailed help.

      """),
  Help(
    command: ["branch"],
    text: #"""
      OVERVIEW: Build the branch data sets of a recipe, with every row's fate on
      record.

      Rows go to DIR/branches/BRANCH/train.jsonl (and seeds.jsonl), with a data card
      and a dataset_info.json beside them; fates go to DIR/lineage.sqlite. Files
      appear whole or not at all. Without --source, files are looked up in
      DIR/sources/NAME and in the Hugging Face cache.

      Example:
        branchmerge branch datasets/recipes/tinyr1.yaml --workspace work \
          --source openr1-math='openr1/data/*.parquet' --only math

      USAGE: branchmerge branch <recipe> --workspace <dir> [--source <name=path> ...] [--only <branch> ...] [--workers <n>] [--max-quarantined <N|P%>] [--max-row <MiB>] [--sha256] [--no-fsync] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for branches and ledger.
        --source <name=path>    Take a source's files from here: a file, a folder or
                                a pattern, whatever their format.
        --only <branch>         Build this branch alone; may be given several times.
        --workers <n>           Threads that sift; the result is the same for any
                                number. (N)
        --max-quarantined <N|P%>
                                Fail when more rows of a source than this cannot be
                                read. (default: 1%)
        --max-row <MiB>         Quarantine a longer row, in MiB. (default: 64)
        --sha256                Also compute the SHA-256 of each source file.
        --no-fsync              Do not wait for the disk.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """#),
  Help(
    command: ["trace"],
    text: """
      OVERVIEW: Tell where a sample came from and what became of it.

      The id is the one in the rows, or the beginning of it; FILE:ROW asks for a row
      of a source file, also for one that could not be read. With --raw the original
      row is read back from its place in the source file and held against the hash
      that the ledger has.

      Example:
        branchmerge trace openr1-math:5b1f --workspace work --raw

      USAGE: branchmerge trace <id> --workspace <dir> [--run <run>] [--raw] [--json]

      ARGUMENTS:
        <id>                    The sample's id, or its beginning, or FILE:ROW.

      OPTIONS:
        -w, --workspace <dir>   The folder with the ledger.
        --run <run>             Ask this run instead of the latest that read the
                                sample.
        --raw                   Also print the original row.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["survey"],
    text: """
      OVERVIEW: Say what is in there: rows, fields, their types, lengths and values.

      Every row is read. For each field: its type, nulls, in how many rows it is
      missing, how many different values it has, the lengths of its texts (in
      characters, that is Unicode scalars) and lists, and how often each value occurs
      where they are few. Lengths are exact, medians of numbers within 0.8 %. Texts
      of more than 80 bytes ('long') are not told apart.

      SOURCE is a card in datasets/, NAME or NAME/CONFIG; its fields are then shown
      with the names that filters use. Without --source, its files are looked up in
      DIR/sources/NAME and in the Hugging Face cache.

      Example:
        branchmerge survey openr1-math --source openr1-math='openr1/data/*.parquet'
        branchmerge survey rows.jsonl --field source --field 'conversations[].from'

      USAGE: branchmerge survey <source|file> [--field <field> ...] [--source <name=path> ...] [--workspace <dir>] [--workers <n>] [--json]

      ARGUMENTS:
        <source|file>           A file, folder or pattern, or a source.

      OPTIONS:
        --field <field>         Look at this field alone, by its raw or the card's
                                name, and list all of its values; may be given
                                several times.
        --source <name=path>    Take a source's files from here: a file, a folder or
                                a pattern, whatever their format.
        -w, --workspace <dir>   The folder whose sources/ may have the files.
        --workers <n>           Threads that read; the result is the same for any
                                number. (N)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["check"],
    text: """
      OVERVIEW: Check source cards, filters and recipes, and run every filter's
      examples.

      Without a path the working folder is checked: all YAML below its datasets/ and
      filters/.

      Example:
        branchmerge check filters/word-problem.yaml datasets/recipes/tinyr1.yaml

      USAGE: branchmerge check [<paths> ...]

      ARGUMENTS:
        <paths>                 Files or folders.

      OPTIONS:
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["sources"],
    text: """
      OVERVIEW: List the known sources, where their files are, and how to fetch those
      missing.

      Files are looked up in DIR/sources/NAME of a workspace and in the Hugging Face
      cache (HF_HOME).

      Example:
        branchmerge sources --workspace work

      USAGE: branchmerge sources [--workspace <dir>] [--json]

      OPTIONS:
        -w, --workspace <dir>   A workspace whose sources/ folder is looked through.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
]
