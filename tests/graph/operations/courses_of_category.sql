SELECT categories_1.name,
array((SELECT row(courses_1.title, CAST(courses_1.rating_average AS DOUBLE PRECISION), courses_1.rating_count, providers_1.name, providers_1.state, courses_1.rating_average, courses_1.id) AS row_1 
FROM courses AS courses_1
JOIN providers AS providers_1 ON providers_1.id = courses_1.provider_id 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.category_id = categories_1.id
ORDER BY courses_1.rating_average DESC, courses_1.id DESC 

LIMIT $1::INTEGER)) AS array_1, (SELECT count(*) AS count_1 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.category_id = categories_1.id) AS anon_1 
FROM categories AS categories_1 
WHERE categories_1.code = $2::VARCHAR 

LIMIT 1;
