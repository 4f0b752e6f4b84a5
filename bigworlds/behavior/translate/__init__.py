"""From the user's Python function to one that both the compiler and the interpreter run: checked, typed,
rewritten."""
