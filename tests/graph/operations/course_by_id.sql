SELECT courses_1.id, courses_1.code, courses_1.title, courses_1.price, CAST(courses_1.rating_average AS DOUBLE PRECISION) AS rating_average, (SELECT min(runs.starts_at) AS min_1 
FROM runs 
WHERE runs.course_id = courses_1.id AND runs.state IN ('OPEN_FOR_SALE', 'FULL') AND runs.starts_at > now()) AS anon_1, courses_1.skills, providers_1.name, providers_1.type, regions_1.name AS name_1, regions_2.id AS id_1, regions_2.name AS name_2, categories_1.name AS name_3, (SELECT count(courses.id) AS count_1 
FROM courses 
WHERE courses.category_id = categories_1.id AND courses.state = 'PUBLISHED') AS anon_2 
FROM courses AS courses_1
JOIN providers AS providers_1 ON providers_1.id = courses_1.provider_id
JOIN regions AS regions_1 ON regions_1.id = providers_1.region_id
LEFT OUTER
JOIN regions AS regions_2 ON regions_2.id = regions_1.parent_id
JOIN categories AS categories_1 ON categories_1.id = courses_1.category_id 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.code = $1::VARCHAR 

LIMIT 1;
