import Testing

struct HelpTests {
  @Test(arguments: helps)
  func `help says all there is to say`(help: Help) throws {
    let ending = try branchmerge(help.command + ["--help"])
    // How many threads there are is the machine's to say.
    let output = ending.output.replacing(/(number\.\s+)\(default: \d+\)/) { "\($0.output.1)(N)" }
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
    arguments: ["why", "some:id"], message: "Error: Missing expected argument '--workspace <dir>'"
  ),
  Mistake(
    arguments: ["branch", "tinyr2", "-w", "/nonexistent/work"],
    message: "error: tinyr2: there is no such file; did you mean 'tinyr1'? Recipes known by name"
      + " are 'tinyr1-clean' and 'tinyr1'"),
  Mistake(
    arguments: ["compare", "a"], message: "Error: Missing expected argument '<B>'"),
  Mistake(
    arguments: ["methods", "--markdown", "--json"],
    message: "Error: --markdown stands alone: the page has all methods"),
  Mistake(
    arguments: ["checks", "loop", "--markdown"],
    message: "Error: --markdown stands alone: the page has all checks"),
  Mistake(
    arguments: ["check", "nowhere"], message: "error: nowhere: there is no such file or folder"),
  Mistake(
    arguments: branch,
    message: "error: nowhere.yaml: there is no such file; recipes known by name are 'tinyr1-clean'"
      + " and 'tinyr1'"),
]

struct Help: CustomTestStringConvertible {
  var command: [String]
  var text: String
  var testDescription: String { command.isEmpty ? "the program" : command.joined(separator: " ") }
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

      RECIPES SUBCOMMANDS:
        run                     Do all stages of a recipe: branch, teach, train,
                                merge, report.
        plan                    Tell what a run of a recipe would do in a workspace,
                                and why.
        status                  Tell what is done, running or failed in a workspace,
                                and what to do next.
        teach                   Have a teacher write the responses that the branches
                                of a recipe lack.
        preflight               Tell what the trainer would do to the rows, before it
                                does.

      BRANCHES SUBCOMMANDS:
        branch                  Build the branch data sets of a recipe, with every
                                row's fate on record.
        survey                  Say what is in there: rows, fields, their types,
                                lengths and values.
        check                   Check source cards, filters, recipes and merge files,
                                and run every filter's examples.
        checks                  List the checks that filters are made of, or say all
                                of one.
        sources                 List the known sources, where their files are, and
                                how to fetch those missing.
        fingerprint             Write a benchmark's questions as hashes, so that its
                                text need not lie around.
        tokens                  Count the tokens of text files, as the tokenizers
                                library does.

      AUDIT SUBCOMMANDS:
        why                     Tell where a sample came from and why it was kept or
                                left out.
        clusters                Show near duplicates, and how each differs from the
                                row that stayed.
        impact                  Tell what would change without a source, a licence, a
                                sample or a filter.
        diff                    Tell how the rows of two builds differ, and why.
        verify                  Prove that a workspace is what its ledger says, from
                                the bytes of every file.
        query                   Ask the ledger in SQL, or one of the queries that
                                have a name.
        report                  Write one HTML file that shows a workspace: flow,
                                filters, sources, merge, hashes.
        serve                   Show a workspace in the browser: search samples,
                                follow them, compare runs.
        export                  Write the lineage in a format that other programs
                                read.

      MODELS SUBCOMMANDS:
        merge                   Merge checkpoints as a mergekit YAML file says,
                                exactly and out of core.
        inspect                 Say what a checkpoint holds, by type, shard, layer
                                and module.
        compare                 Say how far one checkpoint is from another, tensor by
                                tensor or summed.
        methods                 List the merge methods, or say all of one: paper,
                                formula, parameters.

        See 'branchmerge help <subcommand>' for detailed help.

      """),
  Help(
    command: ["run"],
    text: """
      OVERVIEW: Do all stages of a recipe: branch, teach, train, merge, report.

      What is done is not done again while all that it depends on is as it was; what
      was interrupted goes on. 'branchmerge plan' tells beforehand what there is to
      do and why, 'branchmerge status' afterwards what became of it. Stages are
      branch, teach, train, merge, report.

      Example:
        branchmerge run datasets/recipes/tinyr1.yaml --workspace work --until branch
        branchmerge run tinyr1 --workspace work --set base=models/base

      USAGE: branchmerge run [<options>] <recipe> --workspace <dir>

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --source <name=path>    Take a source's files from here: a file, a folder or
                                a pattern, whatever their format.
        --benchmark <name=path> Take a benchmark's file from here: its questions, or
                                the hashes of 'fingerprint'.
        --max-quarantined <N|P%>
                                Fail when more rows of a source than this cannot be
                                read. (default: 1%)
        --max-row <MiB>         Quarantine a longer row, in MiB. (default: 64)
        --rehash                Read every file again instead of trusting size, time
                                and inode.
        --from <from>           Begin with this stage; what is before it is taken as
                                it is. (values: branch, teach, train, merge, report;
                                default: branch)
        --until <until>         End with this stage. (values: branch, teach, train,
                                merge, report; default: report)
        --only <branch>         Do the stages of this branch alone; may be given
                                several times.
        --locked                Refuse inputs other than those that recipe.lock.yaml
                                in the workspace names.
        --workers <n>           Threads; the result is the same for any number.
                                (N)
        --shard-size <size>     The merged model's largest shard: 5GB, 500MB, bytes.
                                (default: 5GB)
        --no-fsync              Do not wait for the disk.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["plan"],
    text: """
      OVERVIEW: Tell what a run of a recipe would do in a workspace, and why.

      Nothing is changed. A stage is up to date, to do, or stale because of what is
      named: a file, a filter, a setting. One that waits for others is done again
      only if these make something else than before.

      Example:
        branchmerge plan datasets/recipes/tinyr1.yaml --workspace work

      USAGE: branchmerge plan <recipe> --workspace <dir> [--set <key=value> ...] [--source <name=path> ...] [--benchmark <name=path> ...] [--max-quarantined <N|P%>] [--max-row <MiB>] [--rehash] [--shard-size <size>] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --source <name=path>    Take a source's files from here: a file, a folder or
                                a pattern, whatever their format.
        --benchmark <name=path> Take a benchmark's file from here: its questions, or
                                the hashes of 'fingerprint'.
        --max-quarantined <N|P%>
                                Fail when more rows of a source than this cannot be
                                read. (default: 1%)
        --max-row <MiB>         Quarantine a longer row, in MiB. (default: 64)
        --rehash                Read every file again instead of trusting size, time
                                and inode.
        --shard-size <size>     The merged model's largest shard: 5GB, 500MB, bytes.
                                (default: 5GB)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["status"],
    text: """
      OVERVIEW: Tell what is done, running or failed in a workspace, and what to do
      next.

      Example:
        branchmerge status work

      USAGE: branchmerge status <workspace> [--json]

      ARGUMENTS:
        <workspace>             The folder of a run.

      OPTIONS:
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["teach"],
    text: """
      OVERVIEW: Have a teacher write the responses that the branches of a recipe
      lack.

      The recipe's 'teacher' says who is asked, what, and what is accepted; the
      branches must have been built. Every answer is kept in DIR/teacher.sqlite, and
      none is asked for twice, by whichever recipe. The data sets are
      DIR/teach/BRANCH: the branch's own rows, then the taught ones. 'branchmerge
      run' has the same stage. Without the name of a subcommand 'ask' is meant.

      Example:
        branchmerge teach tinyr1 --workspace work --plan \\
          --set teacher='{url: http://localhost:8000/v1, model:
      deepseek-ai/DeepSeek-R1}'

      USAGE: branchmerge teach <subcommand>

      OPTIONS:
        --version               Show the version.
        -h, --help              Show help information.

      SUBCOMMANDS:
        ask (default)           Ask for what is not answered yet, and write the data
                                sets.
        export                  Write the requests that are left as a file for an
                                offline batch.
        import                  Take the results of offline batches into the store of
                                answers.

        See 'branchmerge help teach <subcommand>' for detailed help.

      """),
  Help(
    command: ["teach", "ask"],
    text: """
      OVERVIEW: Ask for what is not answered yet, and write the data sets.

      What was answered before is taken from the store; what failed is asked for
      again. Budgets and Ctrl-C end it with every answer kept, and the same command
      goes on.

      Example:
        branchmerge teach tinyr1 --workspace work --plan \\
          --set teacher='{url: http://localhost:8000/v1, model:
      deepseek-ai/DeepSeek-R1}'

      USAGE: branchmerge teach ask <recipe> --workspace <dir> [--set <key=value> ...] [--plan] [--replay-only] [--ignore-batches] [--only <branch> ...] [--no-fsync] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --plan                  Tell what there is to ask, and what it may cost, and
                                ask nobody.
        --replay-only           Take answers from the store alone; fail where one is
                                missing.
        --ignore-batches        Ask also for what is out in an exported batch.
        --only <branch>         Ask for this branch alone; may be given several times.
        --no-fsync              Do not wait for the disk.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["teach", "export"],
    text: """
      OVERVIEW: Write the requests that are left as a file for an offline batch.

      The file is in OpenAI's batch format, which 'vllm run-batch' and the batch APIs
      read; each line has the request's hash as custom_id. What is in the file counts
      as asked: nothing else asks it again before its results are imported, or 'teach
      --ignore-batches' does. With --limit each export gives the next requests.

      Example:
        branchmerge teach export tinyr1 batch.jsonl --workspace work
        vllm run-batch -i batch.jsonl -o results.jsonl --model
      deepseek-ai/DeepSeek-R1
        branchmerge teach import results.jsonl --workspace work

      USAGE: branchmerge teach export <recipe> --workspace <dir> [--set <key=value> ...] <file> [--only <branch> ...] [--limit <n>] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.
        <file>                  The file to write.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --only <branch>         Export for this branch alone; may be given several
                                times.
        --limit <n>             Write this many requests at most.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["teach", "import"],
    text: """
      OVERVIEW: Take the results of offline batches into the store of answers.

      Files of results and of errors, of the batch APIs and of 'vllm run-batch',
      packed or not, in any order; what is there already changes nothing. A request
      that failed is free to be asked again, and what is in no file stays out. Exit
      status 1 tells of lines that belong to no request of this workspace, or could
      not be read; all others were taken.

      Example:
        branchmerge teach import results.jsonl errors.jsonl --workspace work

      USAGE: branchmerge teach import <files> ... --workspace <dir> [--json]

      ARGUMENTS:
        <files>                 Files of results.

      OPTIONS:
        -w, --workspace <dir>   The folder of the run that was exported from.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["preflight"],
    text: """
      OVERVIEW: Tell what the trainer would do to the rows, before it does.

      Tokens are counted with the base model's own tokenizer and the trainer's
      template, row for row as LLaMA-Factory does it: which rows are longer than the
      cut-off, which would lose the end of their reasoning or of their answer, which
      would be passed over, and how many packs and steps there are. The branches must
      have been built. The stage 'train' counts the same first.

      Example:
        branchmerge preflight datasets/recipes/tinyr1.yaml --workspace work --only
      coding

      USAGE: branchmerge preflight <recipe> --workspace <dir> [--set <key=value> ...] [--only <branch> ...] [--workers <n>] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --only <branch>         Count this branch alone; may be given several times.
        --workers <n>           Threads; the result is the same for any number.
                                (N)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["branch"],
    text: """
      OVERVIEW: Build the branch data sets of a recipe, with every row's fate on
      record.

      Rows go to DIR/branches/BRANCH/train.jsonl (and seeds.jsonl), with a data card
      and a dataset_info.json beside them; fates go to DIR/lineage.sqlite. Files
      appear whole or not at all. Without --source, files are looked up in
      DIR/sources/NAME and in the Hugging Face cache.

      Example:
        branchmerge branch datasets/recipes/tinyr1.yaml --workspace work \\
          --source openr1-math='openr1/data/*.parquet' --only math

      USAGE: branchmerge branch <recipe> --workspace <dir> [--set <key=value> ...] [--source <name=path> ...] [--benchmark <name=path> ...] [--max-quarantined <N|P%>] [--max-row <MiB>] [--only <branch> ...] [--workers <n>] [--sha256] [--no-fsync] [--json]

      ARGUMENTS:
        <recipe>                The recipe: a YAML file, or the name of one that is
                                installed.

      OPTIONS:
        -w, --workspace <dir>   The folder for everything that is made.
        --set <key=value>       Change a value of the recipe, as in train.epochs=3;
                                may be given several times.
        --source <name=path>    Take a source's files from here: a file, a folder or
                                a pattern, whatever their format.
        --benchmark <name=path> Take a benchmark's file from here: its questions, or
                                the hashes of 'fingerprint'.
        --max-quarantined <N|P%>
                                Fail when more rows of a source than this cannot be
                                read. (default: 1%)
        --max-row <MiB>         Quarantine a longer row, in MiB. (default: 64)
        --only <branch>         Build this branch alone; may be given several times.
        --workers <n>           Threads that sift; the result is the same for any
                                number. (N)
        --sha256                Also compute the SHA-256 of each source file.
        --no-fsync              Do not wait for the disk.
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

      With --verify the final answer of each response is worked out anew and held
      against the reference, and the verdicts are counted beside the source's own
      flag. A card says which fields these are ('responses', 'response' or
      'solution'; 'answer'; 'verified'; 'prompt'); of a file they are given.

      Example:
        branchmerge survey openr1-math --source openr1-math='openr1/data/*.parquet'
        branchmerge survey rows.jsonl --field source --field 'conversations[].from'
        branchmerge survey rows.jsonl --verify --response generations --answer answer

      USAGE: branchmerge survey <source|file> [--field <field> ...] [--verify] [--response <field>] [--answer <field>] [--flag <field>] [--prompt <field>] [--source <name=path> ...] [--workspace <dir>] [--workers <n>] [--json]

      ARGUMENTS:
        <source|file>           A file, folder or pattern, or a source.

      OPTIONS:
        --field <field>         Look at this field alone, by its raw or the card's
                                name, and list all of its values; may be given
                                several times.
        --verify                Work out the answers anew, and count where the source
                                says otherwise.
        --response <field>      With --verify: the field of the responses.
        --answer <field>        With --verify: the field of the reference.
        --flag <field>          With --verify: the field of the source's flag.
        --prompt <field>        With --verify: the field of the problem, which tells
                                what a choice's letter means.
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
      OVERVIEW: Check source cards, filters, recipes and merge files, and run every
      filter's examples.

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
    command: ["checks"],
    text: """
      OVERVIEW: List the checks that filters are made of, or say all of one.

      Example:
        branchmerge checks
        branchmerge checks loop

      USAGE: branchmerge checks [<name>] [--markdown] [--json]

      ARGUMENTS:
        <name>                  The check to say all of.

      OPTIONS:
        --markdown              Print the page docs/checks.md.
        --json                  Print the result as JSON.
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
  Help(
    command: ["fingerprint"],
    text: """
      OVERVIEW: Write a benchmark's questions as hashes, so that its text need not
      lie around.

      FILE has the questions: JSON Lines, a JSON array, Parquet, or CSV with a
      header; several files are taken together. Which field is the question, and
      which the item's id, is said by the card datasets/benchmarks/NAME.yaml. The
      result can stand wherever the questions can ('without' of a recipe,
      --benchmark), but for the rule 'fuzzy', which needs the text.

      Example:
        branchmerge fingerprint gpqa-diamond gpqa.csv > gpqa-diamond.hashes

      USAGE: branchmerge fingerprint <name> <file> ...

      ARGUMENTS:
        <name>                  The benchmark's name, that of its card.
        <file>                  The questions.

      OPTIONS:
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["tokens"],
    text: """
      OVERVIEW: Count the tokens of text files, as the tokenizers library does.

      A file is one text; with --lines, every line of it is. No tokens are put before
      or behind a text; added tokens in it, such as <think>, are found. Byte-level
      BPE is read, as Qwen2, DeepSeek, Llama 3 and GPT-2 have it.

      Example:
        branchmerge tokens models/Qwen2.5-32B notes.txt
        branchmerge tokens tokenizer.json train.jsonl --lines --json

      USAGE: branchmerge tokens <tokenizer> <file> ... [--lines] [--ids] [--json] [--workers <n>]

      ARGUMENTS:
        <tokenizer>             A tokenizer.json, or the folder of a model that has
                                one.
        <file>                  Texts in UTF-8.

      OPTIONS:
        --lines                 Every line is a text, without the line feed at its
                                end.
        --ids                   Print the ids of each text's tokens on a line, and no
                                table.
        --json                  Print the result as JSON.
        --workers <n>           Threads that count; the result is the same for any
                                number. (N)
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["why"],
    text: """
      OVERVIEW: Tell where a sample came from and why it was kept or left out.

      A sample is asked for by its id, as in the rows, or the beginning of it; by
      FILE:ROW, a row of a source file, also one that could not be read; or by the
      text of its prompt, or about that text. Samples that may be meant are listed.
      The row is read again, held against its hash, and the filters are asked as they
      were then: so it can be told what each of them saw.

      For a text an index of all prompts is made at first. It is kept in the
      workspace as .search.sqlite and may be removed at any time. A text that begins
      with - comes last, after --.

      Exit status: 0 found, 1 nothing was found, several samples may be meant by
      --raw, or the row is not the one that was read, so that only the ledger tells
      of it. --json prints one sample's story, or {"choices": [...]}.

      Example:
        branchmerge why openr1-math:5b1f --workspace work
        branchmerge why 'remainder of a polynomial division by x^2-1' --workspace work

      USAGE: branchmerge why <text|id|file:row> --workspace <dir> [--run <run>] [--raw] [--json]

      ARGUMENTS:
        <text|id|file:row>      Text of the prompt, id or its beginning, or FILE:ROW.

      OPTIONS:
        -w, --workspace <dir>   The folder with the ledger.
        --run <run>             Ask this run instead of the latest that read the
                                sample.
        --raw                   Print the original row alone, byte for byte, held
                                against its hash.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["clusters"],
    text: """
      OVERVIEW: Show near duplicates, and how each differs from the row that stayed.

      Of the branches as they are, the largest clusters come first, and in each those
      samples that resemble the row least. Texts are read again from the source
      files, as the templates wrote them; what both have stands in the same columns,
      and marks are below what differs. The number before a sample is the share of
      runs of five words that both have.

      Example:
        branchmerge clusters work --branch math --limit 5

      USAGE: branchmerge clusters <dir> [--branch <name>] [--limit <n>] [--json]

      ARGUMENTS:
        <dir>                   The folder with the ledger.

      OPTIONS:
        --branch <name>         Of this branch only.
        --limit <n>             Show so many clusters. (default: 10)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["impact"],
    text: """
      OVERVIEW: Tell what would change without a source, a licence, a sample or a
      filter.

      Rows are lost, duplicates step in for them, and what a filter alone drops would
      be rows: exactly what a build without it would give, for the branches as they
      are. For a filter the source files are read again, held against their hashes,
      and asked all other steps as they were recorded; for the others the ledger is
      enough. It does not know which near duplicates resemble each other besides the
      row that stayed: of those the first that is left is said to step in, where more
      might. Nothing is written.

      Example:
        branchmerge impact --workspace work --source s1k
        branchmerge impact --workspace work --licence CC-BY-NC-4.0 --json
        branchmerge impact --workspace work --filter contest-source --branch math

      USAGE: branchmerge impact --workspace <dir> [--source <name>] [--licence <name>] [--id <id>] [--filter <name>] [--branch <name>] [--json]

      OPTIONS:
        -w, --workspace <dir>   The folder with the ledger.
        --source <name>         Without this source.
        --licence <name>        Without all sources under this licence, as cards
                                write it.
        --id <id>               Without this sample, by its id or the beginning of it.
        --filter <name>         Without this filter.
        --branch <name>         In this branch only.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["diff"],
    text: """
      OVERVIEW: Tell how the rows of two builds differ, and why.

      Compares the branches of two workspaces, each as its latest run left it, or of
      two runs of one workspace, by the samples' ids. A row is added, removed,
      changed (other bytes), moved (the same bytes, out of the order that most rows
      kept) or the same; 'outside' are samples that are a row in neither and have
      another fate. Each has one cause. Only the ledgers are read.

      Where a teacher completed a branch, the rows that it wrote are compared too,
      those of the latest teaching of each build: added, removed, changed or the
      same, with what of the teacher changed. They stand below the table, and have no
      source there; --rows lists the others alone.

      Exit status: 0 nothing differs, 1 something does, 2 it could not be told.

      Example:
        branchmerge diff work-before work-after
        branchmerge diff 3 4 --workspace work --branch math --rows --csv

      USAGE: branchmerge diff <before> <after> [--workspace <dir>] [--branch <name>] [--examples <count>] [--rows] [--csv] [--json]

      ARGUMENTS:
        <before>                A workspace, or the number of a run.
        <after>                 Another one.

      OPTIONS:
        -w, --workspace <dir>   The workspace of the runs, where numbers are given.
        --branch <name>         Compare this branch only.
        --examples <count>      Also show so many samples for each line of the table.
                                (default: 0)
        --rows                  List every row that differs instead of counting them.
        --csv                   Print the result as CSV (RFC 4180).
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["verify"],
    text: """
      OVERVIEW: Prove that a workspace is what its ledger says, from the bytes of
      every file.

      Sources are read and sifted again, a teacher's answers are judged again and
      make their rows again, data sets and models are hashed again, and some tensors
      of the merged model are merged again from its inputs. No remembered hash is
      trusted, and nothing is written to the workspace. What does not hold is named,
      and the exit status is then 1; so is what could not be checked, because a file
      is not there. Only what is there now is asked: the latest build of each branch,
      its latest teaching, the latest training and merge.

      Example:
        branchmerge verify work --full

      USAGE: branchmerge verify <workspace> [--full] [--workers <n>] [--json]

      ARGUMENTS:
        <workspace>             The folder of a run.

      OPTIONS:
        --full                  Merge every tensor again, not one in twenty.
        --workers <n>           Threads; the result is the same for any number.
                                (N)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["query"],
    text: """
      OVERVIEW: Ask the ledger in SQL, or one of the queries that have a name.

      A query only reads. Without one the queries that have a name are listed;
      docs/queries.md has their SQL, docs/ledger.md explains the tables. A table ends
      after 1,000 rows; CSV and JSON are written while the answer comes, however long
      it is. NULL is an empty cell, and null in JSON; a blob is hexadecimal.

      Example:
        branchmerge query funnel --workspace work
        branchmerge query origin --workspace work --set branch=math --set row=1
        branchmerge query 'SELECT * FROM source' --workspace work --csv

      USAGE: branchmerge query [<sql|name>] [--workspace <dir>] [--set <key=value> ...] [--list] [--markdown] [--csv] [--json]

      ARGUMENTS:
        <sql|name>              One SQL statement, or a name.

      OPTIONS:
        -w, --workspace <dir>   The folder with the ledger.
        --set <key=value>       Give a parameter of the query, as :id, its value; may
                                be given several times.
        --list                  List the queries that have a name.
        --markdown              Print the page docs/queries.md.
        --csv                   Print the result as CSV (RFC 4180).
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["report"],
    text: """
      OVERVIEW: Write one HTML file that shows a workspace: flow, filters, sources,
      merge, hashes.

      The file needs no network and holds no script: open it from disk, print it,
      send it on. The same ledger and source files give the same bytes.

      Examples:
        branchmerge report work
        branchmerge report work --output report.html
        branchmerge report work --json | jq '.branches[].counts'

      USAGE: branchmerge report <workspace> [--output <file>] [--json]

      ARGUMENTS:
        <workspace>             The folder of a run.

      OPTIONS:
        --output <file>         Where to write the page; the workspace's report.html
                                where it is not given.
        --json                  Print all numbers of the page as JSON, and write no
                                page.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["serve"],
    text: """
      OVERVIEW: Show a workspace in the browser: search samples, follow them, compare
      runs.

      The pages are for this machine alone unless --host says otherwise, and nothing
      can be changed through them. New runs show without a restart. Ctrl-C ends it.

      Example:
        branchmerge serve work --port 8080

      USAGE: branchmerge serve <dir> [--port <port>] [--host <address>]

      ARGUMENTS:
        <dir>                   The folder with the ledger.

      OPTIONS:
        --port <port>           Listen on this port; 0 for any free one. (default:
                                8080)
        --host <address>        Listen on this address; all who reach it can read the
                                whole workspace. (default: 127.0.0.1)
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["export"],
    text: """
      OVERVIEW: Write the lineage in a format that other programs read.

      The formats:
        croissant: a branch as a data set with licences and provenance, in JSON-LD
        openlineage: run events with their data sets, one on each line
        prov: what was made of what, by whom and when, in W3C PROV-JSON
        csv: each sample's fate in each branch, as a table

      All tell of the branches as they are; openlineage also of what was built
      before. Croissant describes one branch, and names its files as seen from the
      folder of --output, or else from the branch's own. With --send the events of
      openlineage are posted to a server; a key is taken from the environment
      variable that --key-variable names.

      Example:
        branchmerge export work -f croissant --branch math -o math.croissant.json
        branchmerge export work -f prov --id openr1-math:5b1f
        branchmerge export work -f openlineage --send http://localhost:5000

      USAGE: branchmerge export <dir> --format <format> [--branch <branch>] [--id <id>] [--output <file>] [--send <url>] [--key-variable <name>]

      ARGUMENTS:
        <dir>                   The folder with the ledger.

      OPTIONS:
        -f, --format <format>   One of croissant, openlineage, prov, csv.
        --branch <branch>       Tell of this branch alone.
        --id <id>               Tell of this sample alone: its id, or its beginning,
                                or FILE:ROW.
        -o, --output <file>     Write this file instead of standard output.
        --send <url>            Post the events to this server.
        --key-variable <name>   The environment variable with the server's key.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["merge"],
    text: """
      OVERVIEW: Merge checkpoints as a mergekit YAML file says, exactly and out of
      core.

      OUT gets the shards with their index, the patched config.json, the tokenizer
      and all other files of the base model, a model card, the merge file, and
      merge-report.json, which says of every tensor how it was made. The folder
      appears whole or not at all. After any interruption the same command goes on
      where it stopped, and gives the same bytes.

      Example:
        branchmerge merge arcee.yml merged/math-science --plan
        branchmerge merge arcee.yml merged/math-science

      USAGE: branchmerge merge <config> <out> [--plan] [--workers <n>] [--shard-size <size>] [--compat <tool>] [--seed <n>] [--sha256] [--allow-nonfinite] [--no-fsync] [--json]

      ARGUMENTS:
        <config>                The merge file, in mergekit's schema.
        <out>                   The folder of the merged model, which is not there
                                yet.

      OPTIONS:
        --plan                  Say what would be done, from headers alone, and do
                                nothing.
        --workers <n>           Threads that merge; the bytes are the same for any
                                number. (N)
        --shard-size <size>     The merged model's largest shard: 5GB, 500MB, bytes.
                                (default: 5GB)
        --compat <tool>         mergekit: do as it does also where that is a defect.
        --seed <n>              Of random methods, in place of the file's.
        --sha256                Also compute the SHA-256 of each tensor.
        --allow-nonfinite       Merge also where an input has NaN or infinity.
        --no-fsync              Do not wait for the disk.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["inspect"],
    text: """
      OVERVIEW: Say what a checkpoint holds, by type, shard, layer and module.

      Headers alone are read, and checked as a merge checks them. Layers that hold
      the same are one line. A checkpoint of few tensors is shown tensor by tensor.

      Example:
        branchmerge inspect models/math
        branchmerge inspect models/math --by layer
        branchmerge inspect models/math/model-00001-of-00002.safetensors --tensors

      USAGE: branchmerge inspect <checkpoint> [--by <part>] [--tensors] [--json]

      ARGUMENTS:
        <checkpoint>            A model's folder, or one .safetensors file.

      OPTIONS:
        --by <part>             Show this table alone, every layer by itself.
                                (values: type, shard, layer, module)
        --tensors               Show every tensor.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["compare"],
    text: """
      OVERVIEW: Say how far one checkpoint is from another, tensor by tensor or
      summed.

      All entries are read, once. What only one of the two has, what differs in shape
      or type, and what is not finite is told, and the exit status is then 1. Where B
      was merged here, its report says how many entries come from each model. With
      --experts every entry of B is looked up instead: in A, then in each expert, as
      a number of B's type; whoever has it first gets it. That also tells what
      another tool has merged.

      Example:
        branchmerge compare models/base models/math --by module
        branchmerge compare models/base merged \\
          --experts math=models/math coding=models/coding

      USAGE: branchmerge compare <A> <B> [--by <part>] [--experts <name=folder> ...] [--workers <n>] [--json]

      ARGUMENTS:
        <A>                     The checkpoint to start from: a folder or a file.
        <B>                     The checkpoint that is held against it.

      OPTIONS:
        --by <part>             Add up the tensors of a layer or of a module.
                                (values: layer, module)
        --experts <name=folder> Tell which of these checkpoints, or A, an entry of B
                                comes from.
        --workers <n>           Threads that read; the result is the same for any
                                number. (N)
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
  Help(
    command: ["methods"],
    text: """
      OVERVIEW: List the merge methods, or say all of one: paper, formula,
      parameters.

      Example:
        branchmerge methods
        branchmerge methods arcee_fusion

      USAGE: branchmerge methods [<name>] [--markdown] [--json]

      ARGUMENTS:
        <name>                  The method to say all of.

      OPTIONS:
        --markdown              Print the page docs/methods.md.
        --json                  Print the result as JSON.
        --version               Show the version.
        -h, --help              Show help information.


      """),
]
