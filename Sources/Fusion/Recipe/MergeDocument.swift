internal import Notation

/// One merge of a merge file: mergekit's schema, and our own keys beside it.
package struct MergeDocument: Sendable {
  /// What other documents of the file call its result.
  package let name: String?
  package let method: String
  package let baseModel: ModelReference?
  package let body: Body
  /// All models that are read, in the order of the file, a base model that is not listed last.
  ///
  /// A model that is listed twice under `models` or in a chain stands here twice.
  package let inputs: [ModelReference]
  /// Which of the inputs is the base model.
  package let baseIndex: Int?
  /// At the top level.
  package let parameters: [Parameter]
  /// Of the only module, where the body stands in one.
  package let moduleParameters: [Parameter]
  /// The type to which mergekit casts its inputs.
  package let type: ElementType?
  package let outputType: ElementType?
  package let tokenizer: TokenizerChoice?
  package let chatTemplate: String?
  /// `compat: mergekit`: old results matter more than right ones.
  package let isCompatible: Bool
  package let seed: Int
  package let embedMismatch: EmbedMismatch
  package let shapeMismatch: ShapeMismatch
  package let integers: IntegerRule
  /// The depth that counts for tensors after the last layer: 0 as in mergekit, or 1.
  package let postDepth: Double
  /// The type to which a chain rounds after every step; nil for no rounding in between.
  package let intermediateType: ElementType?
  /// What is odd, and what has no effect: each with its place.
  package let warnings: [String]
  package let place: Place
  package let methodPlace: Place

  package enum Body: Sendable {
    case models([SourceEntry])
    case slices([Slice])
    case chain([Link])
  }

  /// A model that takes part, with what is set for it alone.
  package struct SourceEntry: Sendable {
    package let model: ModelReference
    /// Which of the document's inputs it is.
    package let input: Int
    /// The layers taken from it, in a slice; nil for all.
    package var layers: Range<Int>? { layerRange?.layers }
    let layerRange: LayerRange?
    package let parameters: [Parameter]
    package let place: Place
  }

  struct LayerRange: Sendable {
    let layers: Range<Int>
    let place: Place
  }

  /// A run of output layers and what it is made of.
  package struct Slice: Sendable {
    package let sources: [SourceEntry]
    /// Which of its sources is the base model.
    package let baseIndex: Int?
    package let parameters: [Parameter]
    package let place: Place
  }

  /// A step of a chain: the model that joins what is there.
  package struct Link: Sendable {
    package let source: SourceEntry
    /// Which side stays where nothing is salient; nil for the first, which joins nothing.
    package let kept: KeptSide?

    package var model: ModelReference { source.model }
    package var parameters: [Parameter] { source.parameters }
  }

  package enum KeptSide: String, CaseIterable, Sendable {
    /// What the chain has made so far.
    case existing
    /// The model that joins it.
    case incoming
  }

  /// What is done where embeddings have different numbers of rows.
  package enum EmbedMismatch: String, CaseIterable, Sendable {
    case error
    /// All are cut to what they have in common.
    case submatrix
    /// All get the base model's shape.
    case padBase = "pad_base"
    case union
  }

  /// What is done where other tensors have different shapes.
  package enum ShapeMismatch: String, CaseIterable, Sendable {
    case error
    /// The model is left out of that tensor.
    case skip
  }

  /// What is done with tensors of integers and flags.
  package enum IntegerRule: String, CaseIterable, Sendable {
    /// They must be equal in all inputs.
    case equal
    /// The base model's are copied.
    case base
  }

  /// The body as slices, whatever its form: `models` and a chain are one slice of all layers.
  ///
  /// A base model that is not listed under `models` is the last source, with no parameters.
  package var slices: [Slice] {
    switch body {
    case .slices(let slices):
      return slices
    case .models(let entries):
      var sources = entries
      if let baseModel, inputs.count > entries.count {
        sources.append(
          SourceEntry(
            model: baseModel, input: entries.count, layerRange: nil, parameters: [],
            place: baseModel.place))
      }
      return [Slice(sources: sources, baseIndex: baseIndex, parameters: [], place: place)]
    case .chain(let links):
      return [Slice(sources: links.map(\.source), baseIndex: nil, parameters: [], place: place)]
    }
  }

  /// The parameters that hold in each of `slices`.
  package var tables: [ParameterTable] {
    slices.map {
      ParameterTable(
        sources: $0.sources.map(\.parameters),
        shared: [$0.parameters, moduleParameters, parameters])
    }
  }

  /// Every model that the document names, also where only a tokenizer is taken from it.
  var references: [ModelReference] { inputs + (tokenizer?.models ?? []) }
}
