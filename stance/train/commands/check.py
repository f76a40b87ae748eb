"""The command `check`."""

from stance.train.commands import options
from stance.train.commands.rows import read_checked, read_development, require_other


def check_data(
    data: options.Data,
    development: options.Development = None,
    set_aside: options.SetAside = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    stances_column: options.Stances = None,
    acts_column: options.Acts = None,
    group_column: options.Group = None,
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
) -> None:
    """Say what in labelled data would spoil training, and refuse it."""
    columns = options.columns_of(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    require_other(set_aside, data, development)
    read_checked(data, columns, read_development(development, columns), set_aside).require()
