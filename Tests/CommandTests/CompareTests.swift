import Foundation
import Testing

struct CompareTests {
  let folder = try! TemporaryFolder()

  init() throws {
    try SmallModel.write(SmallModel.tensors(), to: "base", in: folder)
    try SmallModel.write(SmallModel.tensors(change: 1), to: "math", in: folder)
  }

  private func compare(_ arguments: String...) throws -> Ending {
    try branchmerge(["compare"] + arguments, in: folder.path)
  }

  @Test func `two models tensor by tensor`() throws {
    let ending = try compare("base", "math")
    #expect(
      ending.output.withoutTimes == """
        tensor                             parameters   differ  ‖B − A‖  relative  median  90 %  99 %  largest    cosine  same sign
        model.embed_tokens.weight                   6  16.67 %        1     0.105       1     1     1        1  0.997090   100.00 %
        model.layers.0.mlp.up_proj.weight           2  50.00 %        1     0.447       1     1     1        1  0.989949   100.00 %
        model.layers.0.norm.weight                  2   0.00 %        0         0       -     -     -        -  1.000000   100.00 %
        model.layers.1.mlp.up_proj.weight           2  50.00 %        1     0.447       1     1     1        1  0.989949   100.00 %
        model.layers.1.norm.weight                  2   0.00 %        0         0       -     -     -        -  1.000000   100.00 %
        model.norm.weight                           2   0.00 %        0         0       -     -     -        -  1.000000   100.00 %
        all                                        16  18.75 %     1.73     0.168       1     1     1        1  0.992004   100.00 %

        Median, 90 %, 99 % and largest are of |B − A| where the two differ; relative is ‖B − A‖ / ‖A‖.

        6 tensors, 16 parameters, 64 B in TIME

        """)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test(arguments: ["1", "3"])
  func `modules are added up, and entries looked up`(workers: String) throws {
    let ending = try compare(
      "base", "math", "--by", "module", "--experts", "other=math", "same=base", "--workers",
      workers)
    #expect(
      ending.output.withoutTimes == """
        module        parameters   differ  ‖B − A‖  relative  median  90 %  99 %  largest    cosine  same sign    from A  from other  from same  from none
        embed_tokens           6  16.67 %        1     0.105       1     1     1        1  0.997090   100.00 %   83.33 %     16.67 %     0.00 %     0.00 %
        mlp.up_proj            4  50.00 %     1.41     0.447       1     1     1        1  0.989949   100.00 %   50.00 %     50.00 %     0.00 %     0.00 %
        norm                   6   0.00 %        0         0       -     -     -        -  1.000000   100.00 %  100.00 %      0.00 %     0.00 %     0.00 %
        all                   16  18.75 %     1.73     0.168       1     1     1        1  0.992004   100.00 %   81.25 %     18.75 %     0.00 %     0.00 %

        Median, 90 %, 99 % and largest are of |B − A| where the two differ; relative is ‖B − A‖ / ‖A‖.

        6 tensors, 16 parameters, 128 B in TIME

        """)
    #expect(ending.status == 0)
  }

  @Test func `a merge made here brings its report along`() throws {
    try folder.write(
      "merge.yml",
      """
      models: [{model: base}, {model: math}]
      base_model: base
      merge_method: arcee_fusion
      dtype: bfloat16

      """)
    #expect(try branchmerge("merge", "merge.yml", "out", in: folder.path).status == 0)
    let reported = try compare("base", "out", "--by", "layer")
    #expect(
      reported.output.withoutTimes == """
        layer           parameters   differ  ‖B − A‖  relative  median  90 %  99 %  largest    cosine  same sign  from base  from math
        embed_tokens             6  16.67 %        1     0.105       1     1     1        1  0.997090   100.00 %    83.33 %    16.67 %
        model.layers.0           4  25.00 %        1     0.378       1     1     1        1  0.981981   100.00 %    75.00 %    25.00 %
        model.layers.1           4  25.00 %        1     0.378       1     1     1        1  0.981981   100.00 %    75.00 %    25.00 %
        norm                     2   0.00 %        0         0       -     -     -        -  1.000000   100.00 %   100.00 %     0.00 %
        all                     16  18.75 %     1.73     0.168       1     1     1        1  0.992004   100.00 %    81.25 %    18.75 %

        Median, 90 %, 99 % and largest are of |B − A| where the two differ; relative is ‖B − A‖ / ‖A‖.

        6 tensors, 16 parameters, 64 B in TIME

        """)
    #expect(reported.status == 0)
    func origins(_ ending: Ending, _ name: String) throws -> JSON? {
      try JSON(parsing: Data(ending.output.utf8))["total"]?["entries_from"]?[name]
    }
    let lookedUp = try compare("base", "out", "--json", "--experts", "math=math")
    #expect(
      try origins(compare("base", "out", "--json"), "math") == origins(lookedUp, "math"))
    #expect(try origins(lookedUp, "none") == .number(0))
  }

  @Test func `what does not match is told with status 1`() throws {
    try folder.write(
      "other/model.safetensors",
      try SmallModel.safetensors(
        [
          ("model.embed_tokens.weight", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
          ("model.layers.0.mlp.up_proj.weight", [1, 2], [-1, .nan]),
          ("model.layers.0.norm.weight", [2], [1, 1]), ("lm_head.weight", [1], [1]),
        ], type: "F32"))
    let ending = try compare("base", "other", "--experts", "math=math")
    #expect(
      ending.output.withoutTimes == """
        tensor                             parameters  differ  ‖B − A‖  relative  median  90 %  99 %  largest    cosine  same sign    from A  from math  from none
        model.layers.0.mlp.up_proj.weight           2  0.00 %        0         0       -     -     -        -  1.000000   100.00 %   50.00 %     0.00 %    50.00 %
        model.layers.0.norm.weight                  2  0.00 %        0         0       -     -     -        -  1.000000   100.00 %  100.00 %     0.00 %     0.00 %
        all                                         4  0.00 %        0         0       -     -     -        -  1.000000   100.00 %   75.00 %     0.00 %    25.00 %

        BF16 [3, 2] in A, F32 [4, 2] in B, not compared: 'model.embed_tokens.weight'
        BF16 in A, F32 in B, compared by value: 'model.layers.0.mlp.up_proj.weight' and 'model.layers.0.norm.weight'
        only in A: 'model.layers.1.mlp.up_proj.weight', 'model.layers.1.norm.weight' and 'model.norm.weight'
        only in B: 'lm_head.weight'
        1 entry not finite in A or B, left out: 'model.layers.0.mlp.up_proj.weight'

        2 tensors, 4 parameters, 32 B in TIME

        """)
    #expect(ending.errors == "")
    #expect(ending.status == 1)
  }

  @Test(arguments: [
    (
      ["bse", "mth"],
      "error: bse: there is no such file or folder; give the path of a model's folder\n"
        + "mth: there is no such file or folder; give the path of a model's folder"
    ),
    (
      ["base", "math", "--experts", "math"], "Error: --experts math: this should be NAME=FOLDER"
    ),
    (
      ["base", "math", "--experts", "x=math", "x=base"],
      "Error: --experts x=base: 'x' is given twice"
    ),
    (
      ["base", "math", "--experts", "none=math"],
      "Error: --experts none=math: 'none' has a meaning of its own here"
    ),
    (["base", "math", "--workers", "0"], "Error: --workers must be at least 1"),
    (["base"], "Error: Missing expected argument '<B>'"),
  ])
  func `what cannot be compared is refused`(arguments: [String], message: String) throws {
    let ending = try branchmerge(["compare"] + arguments, in: folder.path)
    #expect(ending.errors.hasPrefix(message + "\n"))
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }
}
