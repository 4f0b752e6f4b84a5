"""What worlds are made of: field types, components and parameters."""

from bigworlds.data.parameter import Parameter
from bigworlds.data.parameters import ParameterRef, Parameters, param

__all__ = ["Parameter", "ParameterRef", "Parameters", "param"]
