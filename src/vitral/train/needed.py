"""Pictures without what a task does not look at."""

import dataclasses

from vitral.data import PictureSet
from vitral.tasks import Task


def needed(task: Task, pictures: PictureSet) -> PictureSet:
    """The pictures without the masks and objects that a task is not judged by: reading them takes time.

    Args:
        task: the question.
        pictures: with whatever is known of them.
    """
    masks = pictures.masks if task.needs == "mask" else None
    objects = pictures.objects if task.needs == "objects" else None
    return dataclasses.replace(pictures, masks=masks, objects=objects)
